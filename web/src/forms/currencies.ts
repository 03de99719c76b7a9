/** Currencies offered in lists; the server takes every ISO 4217 code. */
const CODES = [
  "USD",
  "EUR",
  "GBP",
  "CHF",
  "JPY",
  "CAD",
  "AUD",
  "NZD",
  "SEK",
  "NOK",
  "DKK",
  "PLN",
  "CZK",
  "HUF",
  "SGD",
  "HKD",
  "CNY",
  "INR",
  "KRW",
  "BRL",
  "MXN",
  "ZAR",
  "ILS",
  "TRY",
];

export const CURRENCIES: readonly (readonly [string, string])[] = CODES.map((code) => [code, code]);
