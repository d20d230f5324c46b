// Browsers have it; Node only from 20 on.
import { webcrypto } from 'node:crypto'

globalThis.crypto ??= webcrypto
