// Waits for a condition, never for a time: `condition` is asked again until it gives something true (which is returned)
// or the deadline passes. An error thrown by the condition counts as "not yet" and is shown when the deadline passes.
export async function waitUntil(condition, { deadline = 10_000, every = 20, what = 'the condition' } = {}) {
    const end = Date.now() + deadline;
    for (let last = null; ;) {
        try {
            const got = await condition();
            if (got) return got;
        } catch (error) {
            last = error;
        }
        if (Date.now() > end) throw new Error(`${what} did not hold within ${deadline} ms${last ? `: ${last.message}` : ''}`);
        await new Promise((again) => setTimeout(again, every));
    }
}
