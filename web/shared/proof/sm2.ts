/**
 * Verifies SM2 signatures (GB/T 32918.2, curve of part 5, signer identity of GB/T 35276) with the browser's own
 * integers. Only public data is handled, so the arithmetic need not be constant-time.
 */
import { sm3, toHex } from './sm3.ts'

const P = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn
const A = 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn
const B = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n
const N = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n
const GX = 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n
const GY = 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n
const SIGNER_ID = '1234567812345678'

/** Jacobian coordinates; z = 0 is the point at infinity. */
interface Point { x: bigint; y: bigint; z: bigint }

const INFINITY: Point = { x: 1n, y: 1n, z: 0n }

function mod(v: bigint, m = P): bigint {
  const r = v % m
  return r < 0n ? r + m : r
}

function inverse(v: bigint, m = P): bigint {
  let [r, next] = [m, mod(v, m)]
  let [t, nextT] = [0n, 1n]
  while (next !== 0n) {
    const q = r / next
    ;[r, next] = [next, r - q * next]
    ;[t, nextT] = [nextT, t - q * nextT]
  }
  return mod(t, m)
}

function double(p: Point): Point {
  if (p.z === 0n || p.y === 0n) return INFINITY
  const yy = mod(p.y * p.y)
  const s = mod(4n * p.x * yy)
  const zz = mod(p.z * p.z)
  const m = mod(3n * p.x * p.x + A * zz * zz)
  const x = mod(m * m - 2n * s)
  return { x, y: mod(m * (s - x) - 8n * yy * yy), z: mod(2n * p.y * p.z) }
}

function add(p: Point, q: Point): Point {
  if (p.z === 0n) return q
  if (q.z === 0n) return p
  const pz = mod(p.z * p.z)
  const qz = mod(q.z * q.z)
  const u = mod(p.x * qz)
  const s = mod(p.y * qz * q.z)
  const h = mod(q.x * pz - u)
  const r = mod(q.y * pz * p.z - s)
  if (h === 0n) return r === 0n ? double(p) : INFINITY
  const hh = mod(h * h)
  const hhh = mod(h * hh)
  const x = mod(r * r - hhh - 2n * u * hh)
  return { x, y: mod(r * (u * hh - x) - s * hhh), z: mod(h * p.z * q.z) }
}

function times(k: bigint, p: Point): Point {
  let sum = INFINITY
  for (const bit of k.toString(2)) {
    sum = double(sum)
    if (bit === '1') sum = add(sum, p)
  }
  return sum
}

const affineX = (p: Point): bigint => mod(p.x * inverse(mod(p.z * p.z)))
const onCurve = (x: bigint, y: bigint): boolean => x < P && y < P && mod(y * y) === mod(x * x * x + A * x + B)

const big = (bytes: Uint8Array): bigint => (bytes.length ? BigInt(`0x${toHex(bytes)}`) : 0n)
const bytesOf = (v: bigint): Uint8Array => Uint8Array.from(v.toString(16).padStart(64, '0').match(/../g) ?? [], (h) => parseInt(h, 16))

function joined(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    out.set(p, at)
    at += p.length
  }
  return out
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text.replace(/\s/g, '')), (c) => c.charCodeAt(0))
  } catch {
    return null
  }
}

/** SEQUENCE { SEQUENCE { id-ecPublicKey, sm2 }, BIT STRING 04 x y }: the only form of such a key. */
const KEY_HEAD = '3059301306072a8648ce3d020106082a811ccf5501822d03420004'

function publicPoint(pem: string): { x: bigint; y: bigint } | null {
  const der = fromBase64(pem.replace(/-----[^-]+-----/g, ''))
  if (!der || der.length !== 91 || toHex(der.subarray(0, 27)) !== KEY_HEAD) return null
  const key = { x: big(der.subarray(27, 59)), y: big(der.subarray(59)) }
  return onCurve(key.x, key.y) ? key : null
}

/** SEQUENCE { INTEGER r, INTEGER s }, short lengths, nothing behind. */
function signatureOf(base64: string): { r: bigint; s: bigint } | null {
  const der = fromBase64(base64)
  if (!der || der[0] !== 0x30 || der[1] !== der.length - 2) return null
  const numbers: bigint[] = []
  let at = 2
  while (at < der.length) {
    const size = der[at + 1] ?? 0
    if (der[at] !== 2 || size < 1 || size > 33 || at + 2 + size > der.length) return null
    numbers.push(big(der.subarray(at + 2, at + 2 + size)))
    at += 2 + size
  }
  const [r, s] = numbers
  return numbers.length === 2 && r !== undefined && s !== undefined ? { r, s } : null
}

function digest(message: Uint8Array, key: { x: bigint; y: bigint }): bigint {
  const id = new TextEncoder().encode(SIGNER_ID)
  const bits = id.length * 8
  const za = sm3(joined(Uint8Array.of(bits >> 8, bits & 255), id, ...[A, B, GX, GY, key.x, key.y].map(bytesOf)))
  return big(sm3(joined(za, message)))
}

/** True when `signature` (DER, base64) is one of the text by the key (PEM). */
export function sm2Verify(text: string, signature: string, publicKey: string): boolean {
  const key = publicPoint(publicKey)
  const sig = signatureOf(signature)
  if (!key || !sig) return false
  const { r, s } = sig
  if (r < 1n || r >= N || s < 1n || s >= N) return false
  const t = mod(r + s, N)
  if (t === 0n) return false
  const sum = add(times(s, { x: GX, y: GY, z: 1n }), times(t, { ...key, z: 1n }))
  if (sum.z === 0n) return false
  return mod(digest(new TextEncoder().encode(text), key) + affineX(sum), N) === r
}
