/** Asks every 20 ms. @throws when it is still false after `timeoutMs`. */
export async function untilTrue(
  check: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
  reason: () => string | Promise<string> = () => 'still false',
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > endMs) throw new Error(`Not within ${timeoutMs} ms: ${await reason()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
