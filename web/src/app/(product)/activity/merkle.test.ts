import { expect, it } from "vitest";
import { checkProof, leafHash, rootOf } from "@/app/(product)/activity/merkle";

// The eight leaves of Certificate Transparency's well-known test tree, in hexadecimal.
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const ROOT_OF_8 = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
const PROOF_OF_5_IN_8 = [
  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
];

function textOf(hex: string): string {
  return String.fromCharCode(...(hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
}

it("leads a leaf up to the root of the known tree", async () => {
  const leaf = await leafHash(textOf(LEAVES[5] ?? ""));
  expect(await rootOf(leaf, 5, 8, PROOF_OF_5_IN_8)).toBe(ROOT_OF_8);
});

it("leads elsewhere from another row, place, size or path", async () => {
  const leaf = await leafHash(textOf(LEAVES[5] ?? ""));
  const other = await leafHash("another row");
  expect(await rootOf(other, 5, 8, PROOF_OF_5_IN_8)).not.toBe(ROOT_OF_8);
  expect(await rootOf(leaf, 4, 8, PROOF_OF_5_IN_8)).not.toBe(ROOT_OF_8);
  expect(await rootOf(leaf, 8, 8, PROOF_OF_5_IN_8)).toBeNull();
  expect(await rootOf(leaf, 5, 8, PROOF_OF_5_IN_8.slice(1))).toBeNull();
  expect(await rootOf(leaf, 5, 8, [...PROOF_OF_5_IN_8, ROOT_OF_8])).toBeNull();
});

it("does not believe a proof whose row was changed, or that signs another root", async () => {
  const leaf = await leafHash("row");
  const hash = Array.from(leaf, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const body = (root: string) =>
    `origin/log\n1\n${btoa(String.fromCharCode(...bytes(root)))}\nat x\n`;
  const checkpoint = {
    log_id: "l",
    size: 1,
    root: hash,
    at: "2026-01-01T00:00:00Z",
    key_id: "k",
    signature: "",
    body: body(hash),
  };
  const proof = { seq: 1, leaf_index: 0, leaf_hash: hash, row: "row", hashes: [], checkpoint };
  expect(await checkProof(proof, undefined)).toEqual({ row: true, root: true, signature: false });
  expect(await checkProof({ ...proof, row: "changed" }, undefined)).toMatchObject({
    row: false,
    root: false,
  });
  const elsewhere = { ...checkpoint, body: body(ROOT_OF_8) };
  expect(await checkProof({ ...proof, checkpoint: elsewhere }, undefined)).toMatchObject({
    root: false,
  });
});

function bytes(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}
