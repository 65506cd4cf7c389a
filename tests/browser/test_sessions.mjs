// SPDX-License-Identifier: LGPL-2.1-or-later

// What a page takes for another's word, and what it does not: the modules that sign
// and check, as the device serves them. What they exchange with devices is tried by
// test_signed.

import { enter } from "./lan.mjs";

enter();

const { equal, main, test } = await import("./check.mjs");
const { Browser, host } = await import("./people.mjs");

// In the page: two that have keys, and whatever one makes of it.
const SETUP = `
const [{ Pair, MediaSession, RESTARTS_MAX, SETTLED_MAX, REPLAY_MAX },
  { MessageKeys, makeEphemeral }, { signMedia, verifyMedia, CLOCK_SKEW }, { deviceIdOf, base64, base64url },
  { readFingerprint, readUfrag }] = await Promise.all(["identity/mediasession", "identity/messagekeys",
  "identity/mediaidentity", "bytes", "net/sdp"].map((name) => import("/" + name + ".js")));
const FINGERPRINT = Array.from({ length: 32 }, (_, i) => (i + 16).toString(16)).join(":");
const sdp = ({ fp = FINGERPRINT, ufrag = "offr", more = "" } = {}) => "v=0\\r\\n"
  + "o=- 1 0 IN IP4 0.0.0.0\\r\\ns=-\\r\\nt=0 0\\r\\nm=audio 9 UDP/TLS/RTP/SAVPF 97\\r\\n"
  + "a=fingerprint:sha-256 " + fp + "\\r\\na=ice-ufrag:" + ufrag + "\\r\\n" + more;
const OTHER = FINGERPRINT.replace(/^../, "ff");
async function person() {
  const { privateKey: key, publicKey } = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  return { key, spki, deviceId: await deviceIdOf(spki) };
}
const [ann, bob, eve] = [await person(), await person(), await person()];
const NONCE = { ann: btoa("a nonce of ann's"), bob: btoa("a nonce of bob's") };
const pairOf = (own, id, nonce, other) => new Pair({ identity: own, meetingId: "meeting", id,
  nonce }, other);
const pairs = (more = {}) => [
  pairOf(ann, "p001", NONCE.ann, { id: "p002", deviceId: bob.deviceId, nonce: NONCE.bob,
    ...more.bob }),
  pairOf(bob, "p002", NONCE.bob, { id: "p001", deviceId: ann.deviceId, nonce: NONCE.ann,
    ...more.ann })];
const call = ([a, b], { session = "session", generation = 1 } = {}) =>
  [new MediaSession(a, { session, generation }), new MediaSession(b, { session, generation })];
const codeOf = (promise) => promise.then(() => "taken", (error) => error.code || String(error));
async function connect([a, b]) {
  await b.check("offer", sdp(), await a.sign("offer", sdp()));
  await a.check("answer", sdp({ ufrag: "answ" }), await b.sign("answer", sdp({ ufrag: "answ" })));
}
`;

// Runs the body of a function in the browser, behind SETUP.
async function within(body) {
  const ann = await host();
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();
  await page.goto(new URL("/icon.svg", ann.link).href);
  return page.evaluate(`(async () => {${SETUP}${body}})()`);
}

test("both have signed: what is said is sealed, and each seal is good once", async () => {
  equal(await within(`
    const [a, b] = call(pairs());
    const before = a.isSigned;
    await connect([a, b]);
    const one = await a.seal("one ✓");
    const two = await a.seal("two");
    const read = [before, a.isSigned, b.isSigned, await b.open(one)];
    const changed = two.slice(0, -1) + "x";
    for (const text of [one, changed, "two", "{}two", two.replace('"seq":2', '"seq":3'),
      await b.seal("own")])
      read.push(await codeOf(b.open(text)));
    read.push(await b.open(two), await codeOf(b.open(two)), await codeOf(a.open(two)));
    return read;`),
  [false, true, true, "one ✓", "SIGNATURE", "SIGNATURE", "BAD_MESSAGE", "BAD_MESSAGE", "SIGNATURE",
    "SIGNATURE", "two", "SIGNATURE", "SIGNATURE"], "what is taken");
});

test("an offer that is not the other’s word is refused", async () => {
  equal(await within(`
    const read = {};
    const offerOf = async (from = pairs(), how) => call(from, how)[0].sign("offer", sdp());
    const take = async (identity, text = sdp(), to = pairs(), how) =>
      codeOf(call(to, how)[1].check("offer", text, identity));
    const good = await offerOf();
    const asEve = pairs();
    asEve[0] = pairOf(eve, "p001", NONCE.ann, { id: "p002", deviceId: bob.deviceId,
      nonce: NONCE.bob });
    const cut = good.slice(0, -4);
    const flipped = good.slice(0, -20) + (good.at(-20) === "A" ? "B" : "A") + good.slice(-19);
    read.good = await take(good);
    read.fingerprint = await take(good, sdp({ fp: OTHER }));
    read.ufrag = await take(good, sdp({ ufrag: "evil" }));
    read.stripped = [await take(undefined), await take(null)];
    read.malformed = [await take(""), await take(7), await take(cut), await take(good + "AAAA")];
    read.flipped = await take(flipped);
    read.eve = await take(await offerOf(asEve));
    read.session = await take(good, sdp(), pairs(), { session: "another" });
    read.generation = await take(good, sdp(), pairs(), { generation: 2 });
    read.meeting = await take(good, sdp(), pairs().map((pair) =>
      Object.assign(pair, { meetingId: "another" })));
    read.nonce = await take(await offerOf(pairs({ bob: { nonce: NONCE.ann } })));
    read.nameless = await take(good, sdp(), pairs({ ann: { nonce: "no nonce" } }));
    read.reflected = await codeOf(call(pairs())[0].check("offer", sdp(), good));
    const twice = pairs();
    read.twice = [await take(good, sdp(), twice), await take(good, sdp(), twice)];
    return read;`),
  { good: "taken", fingerprint: "SIGNATURE", ufrag: "SIGNATURE", stripped: ["SIGNATURE", "SIGNATURE"],
    malformed: ["BAD_MESSAGE", "BAD_MESSAGE", "BAD_MESSAGE", "BAD_MESSAGE"], flipped: "SIGNATURE",
    eve: "WRONG_KEY", session: "SIGNATURE", generation: "SIGNATURE", meeting: "SIGNATURE",
    nonce: "SIGNATURE", nameless: "BAD_MESSAGE", reflected: "WRONG_KEY",
    twice: ["taken", "SIGNATURE"] }, "what is taken");
});

test("an answer that is not the other’s word, or is to another offer, is refused", async () => {
  equal(await within(`
    const read = {};
    const answered = sdp({ ufrag: "answ" });
    const meet = async (from = pairs()) => {
      const [a, b] = call(from);
      await b.check("offer", sdp(), await a.sign("offer", sdp()));
      return [a, await b.sign("answer", answered)];
    };
    const [first, answer] = await meet();
    const [second] = await meet();
    read.fingerprint = await codeOf(first.check("answer", sdp({ fp: OTHER, ufrag: "answ" }), answer));
    read.stripped = await codeOf(first.check("answer", answered, undefined));
    read.anotherOffer = await codeOf(second.check("answer", answered, answer));
    read.signed = [first.isSigned, second.isSigned];
    read.good = await codeOf(first.check("answer", answered, answer));
    read.now = first.isSigned;
    return read;`),
  { fingerprint: "SIGNATURE", stripped: "SIGNATURE", anotherOffer: "SIGNATURE",
    signed: [false, false], good: "taken", now: true }, "what is taken");
});

test("a restart is signed, and is good once; its offer may be by the nonce it told", async () => {
  equal(await within(`
    const both = pairs();
    const read = [await both[1].signRestart()];
    read.push(await both[0].checkRestart({ nonce: NONCE.bob, identity: "x" }));
    await connect(call(both));
    for (const pair of both) pair.established = pair.settled[0];
    const asked = await both[1].signRestart();
    read.push(await codeOf(both[0].checkRestart({})),
      await codeOf(both[0].checkRestart({ ...asked, nonce: NONCE.bob })),
      await codeOf(both[1].checkRestart(asked)),
      await codeOf(both[0].checkRestart(asked)), await codeOf(both[0].checkRestart(asked)));
    const [a, b] = call(both, { generation: 2 });
    await connect([a, b]);
    read.push(a.isSigned && b.isSigned, both[1].next.length);
    for (let i = 0; i < RESTARTS_MAX + 1; i++) await both[1].signRestart();
    read.push(both[1].next.length - RESTARTS_MAX);
    return read;`),
  [{}, false, "SIGNATURE", "SIGNATURE", "WRONG_KEY", "taken", "SIGNATURE", true, 0, 0],
  "restarts");
});

test("a restart by an answer that came too late is refused, and nobody has forged it", async () => {
  equal(await within(`
    const late = async ([a, b]) => {
      await b.check("offer", sdp(), await a.sign("offer", sdp()));
      await b.sign("answer", sdp({ ufrag: "answ" }));
    };
    const ask = async (both) => both[0].checkRestart(await both[1].signRestart());
    const both = pairs();
    await late(call(both));
    const read = [await ask(both)];
    const next = pairs();
    const first = call(next);
    await connect(first);
    await late(call(next, { generation: 2 }));
    read.push(await ask(next), await codeOf(next[0].checkRestart({})));
    first.forEach((session) => session.setEstablished());
    read.push(await ask(next));
    const forged = { ...await next[1].signRestart(), nonce: NONCE.ann };
    read.push(await codeOf(next[0].checkRestart(forged)));
    return read;`),
  [false, false, "SIGNATURE", true, "SIGNATURE"], "late answers");
});

test("a restart may refer to a connection before the last ones, within a bound", async () => {
  equal(await within(`
    // one side alone knows that the first was established, and n others follow it
    const ask = async (n) => {
      const both = pairs();
      const first = call(both);
      await connect(first);
      first[1].setEstablished();
      for (let i = 0; i < n; i++) await connect(call(both, { generation: 2 + i }));
      return both[0].checkRestart(await both[1].signRestart());
    };
    return [await ask(SETTLED_MAX - 2), await ask(SETTLED_MAX - 1), await ask(SETTLED_MAX)];`),
  [true, true, false], "restarts");
});

test("dates: two clocks may differ by five minutes", async () => {
  equal(await within(`
    const { spki: ek } = await makeEphemeral();
    const binding = { role: "offer", meetingId: "m", from: { device: ann.deviceId, id: "a",
      nonce: new Uint8Array(16) }, to: { device: bob.deviceId, id: "b", nonce: new Uint8Array(16) },
      session: "s", generation: 1, sdp: sdp() };
    const text = await signMedia(ann, binding, ek, 10000);
    const { expires } = await verifyMedia(text, binding, 10000);
    const at = (date) => codeOf(verifyMedia(text, binding, date));
    return [expires, await at(expires + CLOCK_SKEW), await at(expires + CLOCK_SKEW + 1),
      await at(10000 - CLOCK_SKEW), await at(10000 - CLOCK_SKEW - 1)];`),
  [10120, "taken", "SIGNATURE", "taken", "SIGNATURE"], "dates");
});

test("what came is remembered, within a bound", async () => {
  equal(await within(`
    const [pair] = pairs();
    const now = Math.floor(Date.now() / 1000);
    const read = [];
    for (let i = 0; i < REPLAY_MAX - 1; i++) pair.accept({ hash: String(i), expires: now });
    for (const hash of ["0", "last", "more"])
      read.push(await codeOf((async () => pair.accept({ hash, expires: now }))()));
    const [other] = pairs();
    for (let i = 0; i < REPLAY_MAX; i++)
      other.accept({ hash: String(i), expires: now - CLOCK_SKEW - 60 });
    read.push(await codeOf((async () => other.accept({ hash: "new", expires: now }))()));
    return read;`), ["SIGNATURE", "taken", "RATE_LIMITED", "taken"], "what is taken");
});

test("who has no key is not checked, and a page that has none checks offers alone", async () => {
  equal(await within(`
    const keyless = pairs({ ann: { deviceId: undefined } });
    const read = [await codeOf(call(keyless)[1].check("offer", sdp(), undefined))];
    const page = pairOf(null, "p002", NONCE.bob, { id: "p001", deviceId: ann.deviceId,
      nonce: NONCE.ann });
    const device = pairOf(ann, "p001", NONCE.ann, { id: "p002", nonce: NONCE.bob });
    const [a, b] = call([device, page]);
    const offer = await a.sign("offer", sdp());
    read.push(await codeOf(b.check("offer", sdp({ fp: OTHER }), offer)),
      await codeOf(b.check("offer", sdp(), undefined)), await codeOf(b.check("offer", sdp(), offer)),
      await b.sign("answer", sdp()), b.isSigned);
    const [c] = call([page]);
    read.push(await codeOf(c.check("answer", sdp(), undefined)));
    return read;`), ["taken", "SIGNATURE", "SIGNATURE", "taken", "", false, "taken"], "what is taken");
});

test("one that sends this side’s own key back is found out", async () => {
  equal(await within(`
    const own = await makeEphemeral();
    return [await codeOf(MessageKeys.derive({ own, ek: own.spki, offerer: true, offer: "o",
      answer: "a" })), await codeOf(MessageKeys.derive({ own, ek: (await makeEphemeral()).spki,
      offerer: true, offer: "o", answer: "a" }))];`), ["WRONG_KEY", "taken"], "keys");
});

test("a description has one fingerprint and one user name, wherever they stand", async () => {
  equal(await within(`
    const upper = FINGERPRINT.toUpperCase();
    const m = (lines, port = 9) => "m=video " + port + " UDP/TLS/RTP/SAVPF 96\\r\\n" + lines;
    const fp = (value) => "a=fingerprint:sha-256 " + value + "\\r\\n";
    const read = (text) => [readFingerprint(text) === upper, readUfrag(text)];
    const head = "v=0\\r\\ns=-\\r\\n";
    return [
      read(sdp()), read(sdp({ more: m(fp(FINGERPRINT)) })), read(sdp({ more: m(fp(upper)) })),
      read(sdp({ more: m(fp(OTHER)) })), read(sdp({ more: m("") })), read(sdp({ more: m("", 0) })),
      read(sdp({ more: m("a=bundle-only\\r\\n", 0) })), read(sdp({ more: fp(FINGERPRINT) })),
      read(sdp({ more: "a=fingerprint:sha-1 00:11\\r\\n" })),
      read(sdp({ more: m(fp(FINGERPRINT) + "a=ice-ufrag:other\\r\\n") })),
      read(head + fp(FINGERPRINT) + "a=ice-ufrag:head\\r\\n" + m("")),
      read(head + fp(OTHER) + m(fp(FINGERPRINT) + "a=ice-ufrag:mmmm\\r\\n")),
      read(sdp({ fp: FINGERPRINT + ":00" })), read(sdp({ fp: FINGERPRINT + "\\ra=x" })),
      read(sdp({ ufrag: "abc" })), read(sdp({ ufrag: "ab cd" })), read("x" + sdp()), read(head),
      read(sdp({ more: "a=" + "x".repeat(70000) })), read(7),
    ];`), [
    [true, "offr"], [true, "offr"], [true, "offr"], [false, "offr"], [false, "offr"], [true, "offr"],
    [false, "offr"], [false, "offr"], [false, "offr"], [true, ""], [true, "head"], [false, "mmmm"],
    [false, "offr"], [true, "offr"], [true, ""], [true, ""], [false, ""], [false, ""], [false, ""],
    [false, ""]], "what is read");
});

await main();
