import { PageTabs } from "@/components/Tabs";

const TABS = [
  ["/settings/", "General"],
  ["/settings/security/", "Password and sessions"],
  ["/settings/tokens/", "API tokens"],
  ["/settings/targets/", "Target weights"],
] as const;

export function SettingsTabs({ current }: { current: (typeof TABS)[number][0] }) {
  return <PageTabs current={current} label="Settings" tabs={TABS} />;
}
