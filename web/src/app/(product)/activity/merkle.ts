/**
 * Proof, computed in the browser, that a row stands in the sealed log (RFC 9162, 2.1.3): the row is
 * hashed anew, led up to the root by the proof's hashes, and the root's signature is checked.
 */
import type { Schemas } from "@/api/client";

type Proof = Schemas["InclusionProof"];
type Bytes = Uint8Array<ArrayBuffer>;

export interface ProofVerdict {
  row: boolean;
  root: boolean;
  /** null where this browser cannot check Ed25519 signatures. */
  signature: boolean | null;
}

function bytesOf(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hexOf(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(row: string): Promise<Bytes> {
  return sha256(LEAF, new TextEncoder().encode(row));
}

/** Return the root that a leaf and its proof lead to; null when the proof does not fit the size. */
export async function rootOf(
  leaf: Bytes,
  index: number,
  size: number,
  hashes: readonly string[],
): Promise<string | null> {
  if (index >= size) return null;
  let [node, last, root] = [index, size - 1, leaf];
  for (const hash of hashes) {
    if (last === 0) return null;
    const other = bytesOf(hash);
    if (node % 2 === 1 || node === last) {
      root = await sha256(NODE, other, root);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else root = await sha256(NODE, root, other);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hexOf(root) : null;
}

/** Tell whether the signed text states this very size and root (its root is in base64). */
function signs({ body, size }: Schemas["SignedCheckpoint"], root: string): boolean {
  const [, sizeLine, rootLine] = body.split("\n");
  return sizeLine === String(size) && rootLine === btoa(String.fromCharCode(...bytesOf(root)));
}

async function isSigned(checkpoint: Schemas["SignedCheckpoint"], publicKey: string | undefined) {
  if (publicKey === undefined) return false;
  try {
    const key = await crypto.subtle.importKey("raw", bytesOf(publicKey), "Ed25519", false, [
      "verify",
    ]);
    const body = new TextEncoder().encode(checkpoint.body);
    return await crypto.subtle.verify("Ed25519", key, bytesOf(checkpoint.signature), body);
  } catch {
    return null;
  }
}

/** Check a proof from the ground up; trust nothing that it says about itself. */
export async function checkProof(
  proof: Proof,
  publicKey: string | undefined,
): Promise<ProofVerdict> {
  const { checkpoint } = proof;
  if (proof.row === null) return { row: false, root: false, signature: false };
  const leaf = await leafHash(proof.row);
  const root = await rootOf(leaf, proof.leaf_index, checkpoint.size, proof.hashes);
  return {
    row: hexOf(leaf) === proof.leaf_hash,
    root: root === checkpoint.root && signs(checkpoint, root),
    signature: await isSigned(checkpoint, publicKey),
  };
}
