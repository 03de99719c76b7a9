/** The pages of the product, in the order of the navigation, with the scope that opens each. */
import type { IconName } from "@/components/Icon";

export interface Place {
  href: string;
  name: string;
  icon: IconName;
  scope: string;
  /** Words people may type to find it. */
  also: string;
  /** Pressed after g, as in mail programs. */
  key: string;
}

export const PLACES: readonly Place[] = [
  {
    href: "/overview/",
    name: "Overview",
    icon: "overview",
    scope: "portfolio:read",
    also: "home net worth dashboard",
    key: "o",
  },
  {
    href: "/accounts/",
    name: "Accounts",
    icon: "accounts",
    scope: "ledger:read",
    also: "balances bank broker",
    key: "a",
  },
  {
    href: "/portfolio/",
    name: "Portfolio",
    icon: "portfolio",
    scope: "portfolio:read",
    also: "positions lots performance allocation",
    key: "p",
  },
  {
    href: "/transactions/",
    name: "Transactions",
    icon: "transactions",
    scope: "banking:read",
    also: "activity bookings export",
    key: "t",
  },
  {
    href: "/payments/",
    name: "Payments",
    icon: "payments",
    scope: "payments:read",
    also: "pay hold capture refund transfer",
    key: "y",
  },
  {
    href: "/prices/",
    name: "Prices",
    icon: "prices",
    scope: "market:read",
    also: "instruments market chart",
    key: "m",
  },
  {
    href: "/import/",
    name: "Import",
    icon: "import",
    scope: "banking:write",
    also: "upload file statement ofx csv",
    key: "i",
  },
];

export const LOWER_PLACES: readonly Place[] = [
  {
    href: "/activity/",
    name: "Activity",
    icon: "activity",
    scope: "audit:read",
    also: "journal audit seal proof who did what",
    key: "c",
  },
  {
    href: "/jobs/",
    name: "Jobs",
    icon: "jobs",
    scope: "developer:read",
    also: "schedules effects progress retry",
    key: "j",
  },
  {
    href: "/settings/",
    name: "Settings",
    icon: "settings",
    scope: "identity:read",
    also: "profile password tokens theme targets currency",
    key: "s",
  },
  {
    href: "/admin/",
    name: "Admin",
    icon: "admin",
    scope: "admin",
    also: "people roles health invitations",
    key: "n",
  },
];

/** Pages one finds by name in the command palette, beside the navigation. */
export const DEEPER_PLACES: readonly Place[] = [
  {
    href: "/payments/statement/",
    name: "Account statement",
    icon: "payments",
    scope: "ledger:read",
    also: "balance csv download period",
    key: "",
  },
  {
    href: "/portfolio/performance/",
    name: "Performance",
    icon: "portfolio",
    scope: "portfolio:read",
    also: "returns twr xirr drawdown",
    key: "",
  },
  {
    href: "/portfolio/allocation/",
    name: "Allocation and drift",
    icon: "portfolio",
    scope: "portfolio:read",
    also: "weights targets",
    key: "",
  },
  {
    href: "/portfolio/rebalance/",
    name: "Rebalance",
    icon: "portfolio",
    scope: "portfolio:read",
    also: "trades targets plan",
    key: "",
  },
  {
    href: "/portfolio/what-if/",
    name: "What-if",
    icon: "portfolio",
    scope: "portfolio:read",
    also: "scenario shock contribution",
    key: "",
  },
  {
    href: "/settings/targets/",
    name: "Target weights",
    icon: "settings",
    scope: "portfolio:read",
    also: "policy bands",
    key: "",
  },
  {
    href: "/settings/security/",
    name: "Password and sessions",
    icon: "settings",
    scope: "identity:read",
    also: "sign out devices",
    key: "",
  },
  {
    href: "/settings/tokens/",
    name: "API tokens",
    icon: "settings",
    scope: "identity:read",
    also: "keys programs agents",
    key: "",
  },
];
