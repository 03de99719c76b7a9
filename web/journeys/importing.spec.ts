import { expect, test } from "@playwright/test";

const OFX = `OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20221228<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>021000021<ACCTID>900900<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20221201<DTEND>20221228
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20221205<TRNAMT>1250.00<FITID>j1<NAME>Journey Salary</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20221207<TRNAMT>-49.90<FITID>j2<NAME>Journey Bookshop</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1200.10<DTASOF>20221228</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>`;

function file(name: string, text: string) {
  return { name, mimeType: "application/octet-stream", buffer: Buffer.from(text) };
}

test("an OFX file is tried, confirmed, found everywhere, and undone", async ({ page }) => {
  await page.goto("/import/");
  await page.locator("input[type=file]").setInputFiles(file("journey.ofx", OFX));
  await expect(page.getByText("Would be new")).toBeVisible();
  await expect(page.getByText("as the file states")).toBeVisible();
  await page.getByRole("button", { name: "Import 2 activities" }).click();
  await expect(page.getByText("journey.ofx is imported")).toBeVisible();
  await page.keyboard.press("Escape");

  await page.locator("input[type=file]").setInputFiles(file("journey.ofx", OFX));
  await expect(page.getByRole("button", { name: "Nothing to add" })).toBeDisabled();

  await page.goto("/transactions/");
  await page.getByLabel("Search payee, memo, category and note").fill("journey");
  await expect(page.getByRole("row").filter({ hasText: "Journey Bookshop" })).toContainText(
    "−$49.90",
  );
  await page.goto("/accounts/");
  await expect(page.getByRole("row").filter({ hasText: "Checking 0900" })).toContainText(
    "$1,200.10",
  );
  await page.goto("/overview/");
  await expect(page.getByRole("button", { name: /^Net worth: \$116,703\.31/ })).toBeVisible();

  await page.goto("/import/");
  await page.getByRole("row").filter({ hasText: "journey.ofx" }).click();
  await page.getByRole("button", { name: "Undo this import" }).click();
  await page.getByRole("button", { name: "Undo the import" }).click();
  await expect(page.getByText("The import is undone")).toBeVisible();
  await page.goto("/overview/");
  await expect(page.getByRole("button", { name: /^Net worth: \$115,503\.21/ })).toBeVisible();
});

test("a CSV shows what its columns mean, and a bad row refuses it with line and reason", async ({
  page,
}) => {
  await page.goto("/import/");
  const rows =
    "Booked,Text,Sum\n2022-12-02,Journey Cafe,-4.50\n2022-12-03,Journey Cafe,not a number\n";
  await page.locator("input[type=file]").setInputFiles(file("journey.csv", rows));
  await expect(page.getByLabel("Meaning of Booked")).toHaveValue("date");
  await page.getByLabel("Account", { exact: true }).selectOption({ label: "Everyday checking" });
  await expect(page.getByText("Line 3").first()).toBeVisible();
  await page.getByLabel("Take the good rows of a file with bad ones").check();
  await expect(page.getByRole("button", { name: "Import 1 activities" })).toBeEnabled();
});
