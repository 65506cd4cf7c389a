// SPDX-License-Identifier: LGPL-2.1-or-later

// The modules that know nothing of a page, as the device serves them.

import { enter } from "./lan.mjs";

enter();

const { equal, main, test } = await import("./check.mjs");
const { Browser, host } = await import("./people.mjs");

// Runs a function in the browser with a module of the page.
async function within(name, func, argument) {
  const ann = await host();
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();
  await page.goto(new URL(`/${name}`, ann.link).href);
  await page.goto(new URL("/icon.svg", ann.link).href);
  return page.evaluate(`(async () => (${func})(await import("/${name}"),
    ${JSON.stringify(argument ?? null)}))()`);
}

test("line: numbers, acknowledgements, what is sent again", async () => {
  equal(await within("net/line.js", ({ Line, ACK_AFTER, UNACKED_MAX }) => {
    const line = new Line();
    const out = [];
    out.push(JSON.parse(line.write({ type: "a" })).seq, JSON.parse(line.write({ type: "b" })).seq);
    out.push(line.read({ type: "x", seq: 1, ack: 1 }), line.read({ type: "x", seq: 1 }));
    out.push(JSON.parse(line.write({ type: "c" })).ack);
    out.push(line.resume(1).map((t) => JSON.parse(t).type));
    out.push(line.resume(2).map((t) => JSON.parse(t).type));
    for (let i = 0; i < ACK_AFTER; i++) line.read({ seq: 2 + i });
    out.push(line.wantsAck, JSON.parse(line.writeAck()), line.wantsAck, line.received);
    for (let i = 0; i < UNACKED_MAX - 1; i++) line.write({ type: "d" });
    out.push(line.overflown);
    line.write({ type: "d" });
    out.push(line.overflown);
    return out;
  }), [1, 2, true, false, 1, ["b", "c"], ["c"], true, { type: "ack", ack: 33 }, false, 33,
    false, true], "line");
});

test("iceservers: what the host names, within bounds", async () => {
  equal(await within("net/iceservers.js", ({ readIceServers, SERVERS_MAX, HOST_MAX,
    CREDENTIAL_MAX }) => {
    const read = (list) => {
      const { servers, ignored } = readIceServers(list);
      // a browser takes whatever is left
      new RTCPeerConnection({ iceServers: servers }).close();
      return [servers.map(({ urls, username }) => (username ? `${username}@${urls}` : urls)),
        ignored];
    };
    const turn = (more) => [{ urls: "turn:h", username: "a", credential: "b", ...more }];
    const size = ([servers]) => servers.length;
    const host = (n) => `${"a".repeat(n - 201)}.${Array(4).fill("b".repeat(49)).join(".")}.`;
    const many = (n) => [{ urls: Array.from({ length: n }, (_, i) => `stun:h:${i + 1}`) }];
    return [
      read(undefined), read(null), read([]), read(7), read({}),
      read([{ urls: ["stun:h", "TURN:[::1]:5?transport=tcp", "turns:h"], username: "17:a",
        credential: "p" }]),
      read([7, null, {}, { urls: 7 }, { urls: [7, ""] }, { urls: "http://h/" },
        { urls: "stuns:h" }, { urls: "stun:" }, { urls: "stun://h" }, { urls: "stun:h?x=y" },
        { urls: "stun:h:0" }, { urls: "stun:h:65536" }, { urls: "stun:h:000001" }, { urls: "stun:a@h" },
        { urls: "stun:[h]" }, { urls: "stun:h x" }, { urls: "turn:h?transport=sctp",
          username: "a", credential: "b" }, { urls: "turn:h" }, { urls: "stun:good" }]),
      read(turn({ credential: "" })), read(turn({ username: 7 })), read(turn({ username: "\n" })),
      [CREDENTIAL_MAX - 1, CREDENTIAL_MAX, CREDENTIAL_MAX + 1].map((n) =>
        size(read(turn({ credential: "é".repeat(n / 2).padEnd(n - Math.floor(n / 2), "x") })))),
      [HOST_MAX - 1, HOST_MAX, HOST_MAX + 1].map((n) =>
        [host(n).length - n, size(read(turn({ urls: `turn:${host(n)}:1` })))]),
      [SERVERS_MAX - 1, SERVERS_MAX, SERVERS_MAX + 1].map((n) => {
        const [servers, ignored] = read(many(n));
        return [servers.length - SERVERS_MAX, ignored];
      }),
    ];
  }), [
    [[], 0], [[], 0], [[], 0], [[], 1], [[], 1],
    [["stun:h", "17:a@TURN:[::1]:5?transport=tcp", "17:a@turns:h"], 0],
    [["stun:good"], 19],
    [[], 1], [[], 1], [[], 1],
    [1, 1, 0], [[0, 1], [0, 1], [0, 0]], [[-1, 0], [0, 0], [0, 1]],
  ], "servers");
});

test("chat: what is read, what is kept once", async () => {
  equal(await within("chat.js", ({ Chat, parse, write, cleanText, isTooLong, TEXT_MAX }) => {
    const chat = new Chat();
    const said = (text) => parse(text)?.entry?.text ?? null;
    const one = { id: "1", text: "hello", time: "2026-01-01T00:00:00.000Z" };
    return [
      said(write(one)), said("plain words"), said('{"a":1}'), said('{"type":"chat","text":7}'),
      said(""), said("5"), parse(null),
      parse(JSON.stringify({ type: "chat-history", messages: [one, { text: "" }, 3] }))
        .entries.length,
      chat.add({ ...one }), chat.add({ ...one }),
      chat.addHistory([{ id: "0", text: "before" }, { ...one }]),
      chat.entries.map((e) => e.text),
      chat.add({ ...one, from: "p002" }), chat.add({ ...one, from: "p002" }),
      parse("plain words").plain === true, parse(write(one)).plain === true,
      cleanText("  a\r\nb\u0007 "), isTooLong("é".repeat(TEXT_MAX / 2)),
      isTooLong(`${"é".repeat(TEXT_MAX / 2)}x`),
    ];
  }), ["hello", "plain words", '{"a":1}', '{"type":"chat","text":7}', null, "5", null, 1, true,
    false, 1, ["before", "hello"], true, false, true, false, "a\nb", false, true], "chat");
});

test("digits to compare: of both ends, committed to, and not asked for without end", async () => {
  equal(await within("identity/compare.js", async ({ ASK_EVERY_MS, Comparisons, digitsOf }) => {
    let time = 0;
    let onTheWay = 0; // messages, until they are taken
    const results = [];
    // `bend(from, message)`: what becomes of it on the way; `prints`: of p001, p002
    const meet = (prints, bend = (from, message) => message) => {
      const sides = {};
      const make = (self, other, own, theirs) => {
        const side = new Comparisons({ self, printsOf: () => ({ own, theirs }), now: () => time,
          send: (id, message) => {
            const bent = bend(self, message);
            if (!bent) return true;
            onTheWay++;
            setTimeout(async () => {
              await sides[other].take(self, bent);
              onTheWay--;
            });
            return true;
          } });
        side.heard = [];
        for (const type of ["asked", "digits", "differs", "failed"])
          side.addEventListener(type, ({ detail }) => side.heard.push(
            type === "digits" ? detail.digits : detail.reason || type));
        sides[self] = side;
      };
      make("p001", "p002", ...prints[0]);
      make("p002", "p001", ...prints[1]);
      return [sides.p001, sides.p002];
    };
    const settle = async () => {
      do await new Promise((resolve) => { setTimeout(resolve); }); while (onTheWay > 0);
    };
    const honest = [["AA", "BB"], ["BB", "AA"]];

    let [a, b] = meet(honest);
    await b.ask("p001");
    await settle();
    results.push(a.heard[0], b.heard.length, a.heard[1] === b.heard[0], /^[0-9]{6}$/u.test(b.heard[0]));
    a.answer("p002", true);
    b.answer("p001", false);
    results.push(a.resultOf("p002"), b.resultOf("p001"), a.resultOf("p003"));
    await settle();
    results.push(a.resultOf("p002"), a.heard.at(-1));
    for (const side of [a, b]) await side.take(side === a ? "p002" : "p001", { step: "differ" });
    results.push(a.heard.length, b.heard.length);
    // asked again, below, at and above the time
    for (const after of [ASK_EVERY_MS - 1, ASK_EVERY_MS, 2 * ASK_EVERY_MS + 1]) {
      const before = a.heard.length;
      time = after;
      await b.ask("p001");
      await settle();
      results.push(a.heard.length - before);
    }
    // as long as it is asked, and until it is found the same
    b.answer("p001", true);
    a.answer("p002", false);
    await settle();
    results.push(b.resultOf("p001"), b.heard.at(-1));
    time *= 2;
    await b.ask("p001");
    await settle();
    a.answer("p002", false);
    await settle();
    results.push(b.digitsFor("p001"));
    b.answer("p001", true);
    results.push(b.resultOf("p001"));
    time *= 2;
    await b.ask("p001");
    await settle();
    b.answer("p001", true);
    results.push(b.resultOf("p001"));
    // both at once, and again: the earlier asks
    [a, b] = meet(honest);
    for (let i = 0; i < 2; i++) {
      await Promise.all([a.ask("p002"), b.ask("p001")]);
      await settle();
      results.push(a.heard.splice(0).length, b.heard.splice(0)[0]);
    }
    // somebody in between has a certificate for each, and passes on what is said
    [a, b] = meet([["AA", "MM"], ["BB", "MM"]]);
    await a.ask("p002");
    await settle();
    results.push(b.heard);
    // another nonce than the one that was committed to
    [a, b] = meet(honest, (from, message) => (message.step === "reveal"
      ? { ...message, value: btoa("x".repeat(32)) } : message));
    await a.ask("p002");
    await settle();
    results.push(b.heard);
    // nobody is told of what is no message
    [a, b] = meet(honest);
    for (const message of [{}, { step: "commit" }, { step: "commit", value: "x" },
      { step: "nonce", value: btoa("x".repeat(32)) }, { step: "reveal", value: 7 }])
      await a.take("p002", message);
    results.push(a.heard);
    const side = (print, id, nonce) => ({ print, id, nonce: new Uint8Array(32).fill(nonce) });
    results.push(await digitsOf(side("AA", "p001", 1), side("BB", "p002", 2)));
    return results;
  }), ["asked", 1, true, true, "same", "different", "",
    "different", "differs", 3, 1, 0, 2, 2, "different", "differs", "", "different", "same",
    1, "asked", 1, "asked", ["wrong"],
    ["wrong"], [], "852928"], "digits");
});

test("who is there, in words, and the bar of the level", async () => {
  equal(await within("view/words.js", ({ whoIsThere }) => {
    const say = (participants, maxParticipants, people) =>
      whoIsThere({ participants, maxParticipants, people });
    return [say(1, 10, ["Ann"]), say(9, 10, ["Ann", "Bo"]), say(10, 10, null), say(3, 0, null),
      say(5, 10, ["A", "B", "C", "D", "E"]), say(6, 10, ["A", "B", "C", "D", "E", "F"])];
  }), ["Ann is there. 9 of 10 seats are free.", "Ann and Bo are there. 1 of 10 seats is free.",
    "All seats are taken.", "", "A, B, C, D and E are there. 5 of 10 seats are free.",
    "A, B, C, D and 2 others are there. 4 of 10 seats are free."], "who");
  equal(await within("view/meter.js", ({ percentOf }) =>
    [0, 0.0001, 0.01, 0.25, 1].map(percentOf)), [0, 0, 44, 100, 100], "percent");
});

test("layout: every tile is inside, none overlaps, for 1 to 10 and every shape", async () => {
  equal(await within("view/layout.js", ({ place }) => {
    const faults = [];
    for (const [w, h] of [[344, 600], [752, 860], [1424, 760], [1070, 760], [300, 150]])
      for (let n = 1; n <= 11; n++)
        for (const spotlight of [false, true]) {
          const rects = place(n, spotlight, w, h, 8);
          const inside = rects.every((r) => r.x >= 0 && r.y >= 0 && r.x + r.width <= w + 1
            && r.y + r.height <= h + 1 && r.width > 20 && r.height > 20);
          const apart = rects.every((a, i) => rects.every((b, j) => i >= j
            || a.x + a.width <= b.x || b.x + b.width <= a.x
            || a.y + a.height <= b.y || b.y + b.height <= a.y));
          if (rects.length !== n || !inside || !apart) faults.push([w, h, n, spotlight]);
        }
    const used = (n, w, h) => place(n, false, w, h, 8)
      .reduce((sum, r) => sum + r.width * r.height, 0) / (w * h);
    for (let n = 1; n <= 10; n++)
      if (used(n, 1424, 760) < 0.55 || used(n, 344, 600) < 0.55) faults.push(["empty", n]);
    return [faults, place(0, false, 100, 100, 8), place(2, true, 0, 0, 8)];
  }), [[], [], []], "faults");
});

test("quality: the more there are, the less each is sent", async () => {
  equal(await within("net/quality.js", ({ cameraEncoding, screenEncoding }) => {
    const rates = [1, 2, 3, 5, 9].map((n) => cameraEncoding(n, 720).maxBitrate);
    const total = cameraEncoding(9, 720).maxBitrate * 9;
    return [rates.every((r, i) => i === 0 || r <= rates[i - 1]), total <= 4e6,
      cameraEncoding(1, 720).scaleResolutionDownBy, cameraEncoding(1, 1080).scaleResolutionDownBy,
      cameraEncoding(9, 1080).scaleResolutionDownBy,
      screenEncoding(9).maxBitrate < screenEncoding(1).maxBitrate];
  }), [true, true, 1, 1, 4, true], "encodings");
});

test("heartbeat: who is silent is gone within ten seconds", async () => {
  // its last answer, the time it is waited for, and until somebody looks
  equal(await within("net/heartbeat.js", ({ PING_MS, SILENCE_MS }) =>
    PING_MS + SILENCE_MS + PING_MS <= 10000), true, "the promise of the protocol");
});

test("heartbeat: silence counts after a first sign of life", async () => {
  equal(await within("net/heartbeat.js", ({ Heartbeat }) => {
    const sent = [];
    const heart = new Heartbeat((text) => sent.push(text));
    const out = [heart.silence(1e6)];
    heart.ping(100);
    heart.take('{"t":"pong","n":1}', 120);
    out.push(heart.rtt, heart.silence(1120));
    heart.take('{"t":"ping","n":7}', 2000);
    heart.take("nonsense", 9000);
    heart.take('{"t":"ping"}', 9000);
    out.push(heart.silence(2500), sent);
    return out;
  }), [0, 20, 1000, 500, ['{"t":"ping","n":1}', '{"t":"pong","n":7}']], "heartbeat");
});

test("commands: names that mean something to a shell", async () => {
  equal(await within("commands.js", ({ commands, shellWord, uriPart }) => [
    shellWord("standup"), shellWord("it's"), shellWord("-x"), uriPart("a b!'()*"),
    commands("-x", "h:1").name, commands("a b", "[fe80::1]:8080").address,
    commands("a b", "h:1").pipeline.includes("uri=videomeet://h:1/a%20b")]),
  ["standup", "'it'\\''s'", "'-x'", "a%20b%21%27%28%29%2A", "videomeet join --view -- '-x'",
    "videomeet join --view 'videomeet://[fe80::1]:8080/a%20b'", true], "commands");
});

test("words: names of strangers, times, rates", async () => {
  equal(await within("view/words.js", (words) => [
    words.cleanName("a\u0000b\u202ec", "x"), words.cleanName("  ", "x"), words.cleanName(5, "x"),
    words.initials("Ann"), words.initials("José  María Núñez"), words.initials(" "),
    words.duration(61000), words.duration(3600000 + 5000), words.bitrate(1234567),
    words.bitrate(NaN), words.deviceError("Strange", "camera")]),
  ["a bc", "x", "x", "A", "JN", "?", "01:01", "1:00:05", "1.2 Mbit/s", "–",
    "Your camera could not be started (Strange)."], "words");
});

test("words: names that look the same are told apart", async () => {
  equal(await within("view/words.js", ({ apart, cleanName }) => [
    apart("Ann", []), apart("Ann", ["Bob"]), apart("ann", ["Ann", "Bob"]),
    apart("Ann", ["Ann", "ANN (2)"]), apart("\uff21nn", ["Ann"]), apart("Weiß", ["WEISS"]),
    apart("Jo\u0308rg", ["JÖRG"]), apart("A  B", ["a\u00a0b"]),
    cleanName(" A\u200dnn\ufe0f\u3000", "x")]),
  ["Ann", "Ann", "ann (2)", "Ann (3)", "\uff21nn (2)", "Weiß (2)", "Jo\u0308rg (2)",
    "A  B (2)", "Ann"], "apart");
});

test("words: letters that look like Latin ones", async () => {
  equal(await within("view/words.js", ({ apart }) => [
    ["\u0410nn", "Ann"], ["Ann\u0430", "anna"], ["\u0412\u043e\u042c", "Bob"], ["\u039flga", "Olga"],
    ["\u13a0ave", "Dave"], ["Alice", "\u0410lic\u0435"],
    ["\u0410na", "Ann"], ["Room 1", "Room l"], ["Jorg", "Jörg"], ["\u674e", "\u738b"],
    ["\u0410\u043d\u043d\u0430", "Anna"]]
    .map(([name, other]) => apart(name, [other]).endsWith(" (2)"))),
  [true, true, true, true, true, true, false, false, false, false, false], "marks");
});

test("words: who does not meet this browser, and what is not taken", async () => {
  equal(await within("view/words.js", ({ unmet, rejected }) => [
    unmet("NOT_TRUSTED", "Ann"), unmet("SIGNATURE", "Ann"), rejected("SIGNATURE", "Ann"),
    rejected("A".repeat(64), "Ann").length > 64,
    ...["A".repeat(65), "<b>", undefined, ""].map((code) => rejected(code, "Ann"))]),
  ["Ann meets trusted devices only, and not this browser.", "",
    "Ann does not take what this browser sent (SIGNATURE).", true,
    ...Array(4).fill("Ann does not take what this browser sent.")], "refusals");
  equal(await within("view/words.js", ({ knownAs }) => [
    knownAs("vouched", "A\u202eb"), knownAs("vouched"), knownAs("trusted", "Ann"), knownAs(5)]),
  [{ trust: "vouched", voucher: "Ab" }, { trust: "vouched", voucher: "" },
    { trust: "trusted", voucher: "" }, { trust: "", voucher: "" }], "levels");
});

test("links: http and https alone, as they are read", async () => {
  equal(await within("view/links.js", ({ split }) => ["HTTPS://Example.org/A?b=c#d!",
    "(see http://h/a_(b)), and http://h.", "http://h/)))", "https://[::1]:8080/x;",
    "javascript://%0aalert(1)", "data:text/html,x vbscript:x file:///etc/passwd",
    "https://", "http://h:99999/", "https://bank.example@evil.example/", "https://u:p@h/",
    "https://h/\u202egpj.exe", "https://h\u200b.evil.example", "https://h/\u0000x",
    'https://h/"onclick="x', "https://h/<b>", "xhttp://h/"].map((text) =>
    split(text).filter((part, i) => i % 2))),
  [["HTTPS://Example.org/A?b=c#d"], ["http://h/a_(b)", "http://h"], ["http://h/"],
    ["https://[::1]:8080/x"], [], [], [], [], [], [], ["https://h/"], ["https://h"], ["https://h/"],
    ["https://h/"], ["https://h/"], ["http://h/"]], "links");
  // a message of the longest, of what takes longest
  equal(await within("view/links.js", ({ split }) => [")", "!", "(", "http://h "].map((part) => {
    const text = `http://h/${part.repeat(4087 / part.length)}`;
    const began = performance.now();
    for (let i = 0; i < 20; i++) split(text);
    return [split(text).join("") === text, performance.now() - began < 5000];
  })), Array(4).fill([true, true]), "long ones");
});

test("what the link to a meeting is good for, and where it leads", async () => {
  equal(await within("view/words.js", ({ inviteWords }) => [{}, { isPrivate: true },
    { isInvited: true }, { isPrivate: true, locked: true }, { server: "open" },
    { server: "gone", hostId: "p001" }, { server: "lost", locked: true },
    { server: "open", relay: "p002", participants: new Map([["p002", { user: "Bob" }]]) }]
    .map(inviteWords)),
  ["Whoever opens this link can join", "Whoever opens this link and knows the PIN can join",
    "Whoever opens this link may need an invitation of the host’s as well",
    "The host has locked the meeting: nobody else can join by this link now",
    "Whoever opens this link can join",
    "The device that hosts the meeting is gone: nobody can join by this link now",
    "The server does not answer: nobody can join by this link now",
    "This link led to a device that is gone. Ask Bob, who hosts the meeting now, for the link"],
  "words");
});

test("sdp: the rate to begin with is beside each picture, and nowhere else", async () => {
  const sdp = ["v=0", "m=audio 9 X 111", "a=rtpmap:111 OPUS/48000/2", "m=video 9 X 96",
    "a=rtpmap:96 VP8/90000", "a=sendrecv", "m=video 9 X 102", "a=rtpmap:102 H264/90000",
    "a=fmtp:102 packetization-mode=1", "m=application 9 X webrtc-datachannel", ""].join("\r\n");
  const wanted = ["v=0", "m=audio 9 X 111", "a=rtpmap:111 OPUS/48000/2", "m=video 9 X 96",
    "a=rtpmap:96 VP8/90000", "a=fmtp:96 x-google-start-bitrate=1500", "a=sendrecv",
    "m=video 9 X 102", "a=rtpmap:102 H264/90000",
    "a=fmtp:102 packetization-mode=1;x-google-start-bitrate=1500",
    "m=application 9 X webrtc-datachannel", ""].join("\r\n");

  equal(await within("net/sdp.js", ({ withStartBitrate }, text) => withStartBitrate(text), sdp),
    wanted, "description");
});

test("ids: who came earlier", async () => {
  equal(await within("ids.js", ({ isEarlier, uuid, nonce }) => [
    isEarlier("p002", "p010"), isEarlier("p999", "p1000"), isEarlier("p010", "p002"),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid()),
    atob(nonce()).length]), [true, true, false, true, 16], "ids");
});

test("returning: tries again after a word of a server, for five minutes", async () => {
  equal(await within("net/returning.js", async ({ RETURN_MS, joinAgain }) => {
    const { signal } = new AbortController();
    const network = new EventTarget();
    const out = [];
    const times = async (ends, message, hosted = false) => {
      let n = 0;
      const seat = await joinAgain(async () => {
        n++;
        if (n === ends) return "seat";
        throw message;
      }, hosted, signal, network);
      out.push(n, seat);
    };
    const said = (code) => Object.assign(new Error(code), { code });
    const began = Date.now();
    let now = began;

    Date.now = () => now;
    window.setTimeout = (func, ms) => {
      now += ms;
      queueMicrotask(func);
    };
    await times(3, said("DISCONNECTED"));
    await times(2, said("WRONG_PIN"));
    await times(2, said("MEETING_ENDED"), true);
    await times(2, said("MEETING_ENDED"));
    console.error = () => {};
    await times(2, new TypeError("a fault of the page"));
    now = began;
    await times(0, said("DISCONNECTED"));
    out.push(now - began >= RETURN_MS, now - began < RETURN_MS + 4000);
    return out;
  }), [3, "seat", 1, null, 1, null, 2, "seat", 1, null, 78, null, true, true], "returning");
});

test("signalling: an answer that ends too early is a server that is gone", async () => {
  equal(await within("net/signalling.js", async ({ readAnswer }) => {
    const { signal } = new AbortController();
    const code = (text, status) => readAnswer(new Response(text, { status }), signal)
      .then(() => "", (error) => error.code);

    return [await code("{}", 200), await code('{"ticket":', 200), await code("{", 500),
      await code('{"error":{"code":"WRONG_PIN","message":"no"}}', 403)];
  }), ["", "DISCONNECTED", "FAILED", "WRONG_PIN"], "codes");
});

test("cloud: whose a name at the SFU is says the server's mark alone", async () => {
  equal(await within("net/cloud.js", ({ whoIs }) => [
    whoIs("Ann \u27e8m1:p003\u27e9", "m1"), whoIs("\u27e8m1:p003\u27e9", "m1"),
    whoIs("Ann \u27e8m1:p001\u27e9 \u27e8m1:p007\u27e9", "m1"),
    whoIs("Ann \u27e8m2:p003\u27e9", "m1"), whoIs("Ann \u27e8m1:p003\u27e9!", "m1"),
    whoIs("Ann", "m1"), whoIs("\u27e8m1:\u27e9", "m1"), whoIs(undefined, "m1"),
  ]), ["p003", "p003", "p007", "", "", "", "", ""], "ids");
});

// A videoroom that refuses a stream which has left, and answers as Janus does.
test("janus: answers, refusals and a session that ends", async () => {
  equal(await within("net/janus.js", async ({ JanusSession }) => {
    const said = [];
    const reply = ({ janus, transaction, body }) => {
      if (janus === "create") return [{ janus: "success", transaction, data: { id: 7 } }];
      if (janus === "attach") return [{ janus: "success", transaction, data: { id: 8 } }];
      if (janus === "trickle") return [{ janus: "ack", transaction }];
      const data = body?.request === "join" ? { videoroom: "joined" }
        : { videoroom: "event", error_code: 428, error: "No such feed" };
      return [{ janus: "ack", transaction },
        { janus: "event", transaction, sender: 8, plugindata: { data } }];
    };
    window.WebSocket = class {
      static OPEN = 1;
      readyState = 1;
      constructor(url, protocol) {
        said.push(protocol);
        window.lastSocket = this;
        setTimeout(() => this.onopen());
      }
      send(text) {
        const message = JSON.parse(text);
        said.push(message.janus);
        for (const one of reply(message))
          setTimeout(() => this.onmessage?.({ data: JSON.stringify(one) }));
      }
      close() {
        said.push("close");
      }
    };
    const session = new JanusSession();
    const events = [];
    session.addEventListener("closed", () => events.push("closed"));
    await session.open("ws://x/");
    const handle = await session.attach((data) => events.push(data.videoroom));
    const { data } = await handle.request({ request: "join" });
    const code = await handle.request({ request: "update" }).catch((error) => error.code);
    window.lastSocket.onmessage({ data: JSON.stringify({ janus: "event", sender: 8,
      plugindata: { data: { videoroom: "talking" } } }) });
    window.lastSocket.onmessage({ data: "{" });
    const waits = session.request({ janus: "trickle" }, "never").catch((error) => error.name);
    window.lastSocket.onmessage({ data: JSON.stringify({ janus: "timeout", session_id: 7 }) });
    return [said, data.videoroom, code, events, await waits];
  }), [["janus-protocol", "create", "attach", "message", "message", "trickle", "close"], "joined",
    428, ["talking", "closed"], "JanusError"], "what is said");
});

await main();
