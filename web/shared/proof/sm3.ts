/** SM3 (GB/T 32905-2016), for checking proofs in the browser. Messages here are a few hundred bytes at most. */

const IV = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e]

const rotl = (x: number, n: number): number => {
  const k = n & 31
  return k ? (x << k) | (x >>> (32 - k)) : x
}
const p0 = (x: number): number => x ^ rotl(x, 9) ^ rotl(x, 17)
const p1 = (x: number): number => x ^ rotl(x, 15) ^ rotl(x, 23)

/** Message, a one bit, zeros, the length in bits as 64-bit big-endian: whole blocks of 64 bytes. */
function padded(message: Uint8Array): Uint8Array {
  const blocks = Math.ceil((message.length + 9) / 64)
  const out = new Uint8Array(blocks * 64)
  out.set(message)
  out[message.length] = 0x80
  const view = new DataView(out.buffer)
  view.setUint32(out.length - 8, Math.floor(message.length / 0x20000000))
  view.setUint32(out.length - 4, (message.length << 3) >>> 0)
  return out
}

function expand(view: DataView, at: number, w: Int32Array): void {
  for (let j = 0; j < 16; j++) w[j] = view.getInt32(at + 4 * j)
  for (let j = 16; j < 68; j++) {
    const x = w[j - 16]! ^ w[j - 9]! ^ rotl(w[j - 3]!, 15)
    w[j] = p1(x) ^ rotl(w[j - 13]!, 7) ^ w[j - 6]!
  }
}

function compress(v: Int32Array, w: Int32Array): void {
  let [a, b, c, d, e, f, g, h] = v as unknown as [number, number, number, number, number, number, number, number]
  for (let j = 0; j < 64; j++) {
    const early = j < 16
    const t = early ? 0x79cc4519 : 0x7a879d8a
    const ss1 = rotl((rotl(a, 12) + e + rotl(t, j)) | 0, 7)
    const ss2 = ss1 ^ rotl(a, 12)
    const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c)
    const gg = early ? e ^ f ^ g : (e & f) | (~e & g)
    const tt1 = (ff + d + ss2 + (w[j]! ^ w[j + 4]!)) | 0
    const tt2 = (gg + h + ss1 + w[j]!) | 0
    d = c
    c = rotl(b, 9)
    b = a
    a = tt1
    h = g
    g = rotl(f, 19)
    f = e
    e = p0(tt2)
  }
  ;[a, b, c, d, e, f, g, h].forEach((x, i) => (v[i] = v[i]! ^ x))
}

export function sm3(message: Uint8Array): Uint8Array {
  const bytes = padded(message)
  const view = new DataView(bytes.buffer)
  const v = Int32Array.from(IV)
  const w = new Int32Array(68)
  for (let at = 0; at < bytes.length; at += 64) {
    expand(view, at, w)
    compress(v, w)
  }
  const out = new Uint8Array(32)
  const o = new DataView(out.buffer)
  v.forEach((x, i) => o.setInt32(4 * i, x))
  return out
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

export function fromHex(hex: string): Uint8Array | null {
  if (hex.length % 2 || /[^0-9a-fA-F]/.test(hex)) return null
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}
