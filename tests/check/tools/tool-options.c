/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include "options/options-config.h"
#include "options/options-files.h"
#include "options/options-table.h"
#include "options/options.h"
#include "tools/optionline.h"

GST_START_TEST (test_defaults)
{
  g_auto (VmtOptions) options = { 0 };

  fail_unless (options_parse (&options, "host") == NULL);
  fail_unless_equals_string (options.source, "camera");
  fail_unless (options.meeting == NULL);
  fail_unless_equals_int (options.port, 0);
  fail_unless (options.duration == 0);
  fail_if (options.announce_set);
  fail_if (options.methods_set);
}

GST_END_TEST;

GST_START_TEST (test_host)
{
  g_auto (VmtOptions) options = { 0 };

  fail_unless (
      options_parse (&options,
          "host --meeting 'stand up' --user Ann --device d1 "
          "--device-name 'My box' --port 9000 --source stamp --record /tmp/r "
          "--view --audio-only --duration 2.5 --max-participants 4 "
          "--methods mdns,manual --announce minimal --insecure --pin 123456 "
          "--interfaces eth0 --peers 10.0.0.1:8080 --codec h264 "
          "--audio-profile music --no-dsp --push-to-talk --json")
      == NULL);
  fail_unless_equals_string (options.meeting, "stand up");
  fail_unless_equals_string (options.user, "Ann");
  fail_unless_equals_string (options.device, "d1");
  fail_unless_equals_string (options.device_name, "My box");
  fail_unless_equals_int (options.port, 9000);
  fail_unless_equals_string (options.source, "stamp");
  fail_unless_equals_string (options.record, "/tmp/r");
  fail_unless (options.view && options.audio_only);
  fail_unless (options.duration == 2.5);
  fail_unless_equals_int (options.max_participants, 4);
  fail_unless_equals_int (options.methods, VM_METHODS_MDNS | VM_METHODS_MANUAL);
  fail_unless_equals_int (options.announce, VM_ANNOUNCE_MINIMAL);
  fail_unless (options.insecure && options.json);
  fail_unless_equals_string (options.pin, "123456");
  fail_unless_equals_string (options.interfaces, "eth0");
  fail_unless_equals_string (options.peers, "10.0.0.1:8080");
  fail_unless_equals_string (options.codec, "h264");
  fail_unless_equals_string (options.audio_profile, "music");
  fail_unless (options.no_dsp && options.push_to_talk);
}

GST_END_TEST;

GST_START_TEST (test_pages_and_rooms)
{
  g_auto (VmtOptions) near = { 0 };
  g_auto (VmtOptions) host = { 0 };
  g_auto (VmtOptions) join = { 0 };

  fail_unless (options_parse (&host, "host --origin https://a.example "
                                     "--origin http://b.example:8080")
               == NULL);
  fail_unless_equals_int (g_strv_length (host.origins), 2);
  fail_unless_equals_string (host.origins[1], "http://b.example:8080");
  fail_unless (
      options_parse (&join, "join ws://h:3000/room --dialect room") == NULL);
  fail_unless_equals_string (join.dialect, "room");
  fail_unless (
      options_parse (&near, "join x --peers 10.0.0.1:8081,ann.local,[::1]:80,"
                            "fe80::1%lo")
      == NULL);
  options_refused ("host --origin a.example", "https://example.org");
  options_refused ("host --tls-key k.pem", "--tls-cert");
  options_refused ("join x --tls-cert c.pem", "--tls-cert");
  options_refused ("host --origin http://a,http://b", "https://example.org");
  options_refused ("join x --origin https://a.example", "--origin");
  options_refused ("join x --peers x:y:z", "'x:y:z'");
  options_refused ("send f Bob --peers 10.0.0.1:0", "--peers takes addresses");
  options_refused ("discover --peers 10.0.0.1,,10.0.0.2", "--peers");
  options_refused ("host --peers https://10.0.0.1", "--peers");
  options_refused ("host --peers 10.0.0.1:99999", "--peers");
  options_refused (
      "join x --dialect klingon", "native, room, socketio or mesh");
  options_refused ("join x --dialect ''", "native, room, socketio or mesh");
  options_refused ("host --dialect room", "--dialect");
}

GST_END_TEST;

GST_START_TEST (test_token)
{
  g_auto (VmtOptions) options = { 0 };
  g_autofree gchar *path = NULL;
  g_autofree gchar *line = NULL;
  gint fd = g_file_open_tmp (NULL, &path, NULL);

  fail_unless (g_file_set_contents (path, " ab.c-d._~+/=\n", -1, NULL));
  fail_unless (g_chmod (path, 0644) == 0);
  line = g_strdup_printf ("join x --token-file %s", path);
  options_refused (line, "others can read");
  fail_unless (g_chmod (path, 0600) == 0);
  fail_unless (options_parse (&options, line) == NULL);
  fail_unless_equals_string (options.token, "ab.c-d._~+/=");
  fail_unless (g_file_set_contents_full (
      path, "ab c", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  options_refused (line, "no token in");
  for (gsize size = VMT_TOKEN_MAX - 1; size <= VMT_TOKEN_MAX + 1; size++) {
    g_autofree gchar *text = g_strnfill (VMT_TOKEN_FILE_MAX, ' ');

    memset (text, 't', size);
    fail_unless (g_file_set_contents_full (
        path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    if (size <= VMT_TOKEN_MAX)
      options_taken (line);
    else
      options_refused (line, "more than 4096 characters");
  }
  close (fd);
  g_unlink (path);
}

GST_END_TEST;

/* @text into the file at @path, which others may read or not. */
static void
write_secret (const gchar *path, const gchar *text, guint mode)
{
  fail_unless (g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, NULL));
  fail_unless (g_chmod (path, mode) == 0);
}

GST_START_TEST (test_secrets_in_files)
{
  g_autofree gchar *path = NULL, *host = NULL, *turn = NULL, *both = NULL;
  g_auto (VmtOptions) a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 }, e = { 0 };
  gint fd = g_file_open_tmp (NULL, &path, NULL);

  host = g_strdup_printf ("host --pin-file %s", path);
  write_secret (path, "246810\n", 0644);
  options_refused (host, "others can read");
  write_secret (path, "246810\n", 0600);
  fail_unless (options_parse (&a, host) == NULL);
  fail_unless_equals_string (a.pin, "246810");
  both = g_strdup_printf ("%s --pin 246810", host);
  options_refused (both, "cannot both be given");
  write_secret (path, "12345\n", 0600);
  options_refused (host, "6 to 32 digits");
  options_refused ("join x --pin-file /no/such/file", "No such file");

  turn = g_strdup_printf ("host --turn-file %s", path);
  write_secret (path, "turn://a:b@h:1\n\nturn://c:d@h:2\n", 0600);
  fail_unless (options_parse (&b, turn) == NULL);
  fail_unless_equals_int (g_strv_length (b.turn), 2);
  fail_unless_equals_string (b.turn[1], "turn://c:d@h:2");
  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *text = g_strnfill (VMT_SECRET_FILE_MAX + more, ' ');

    memcpy (text, "turn://a:b@h:1", strlen ("turn://a:b@h:1"));
    write_secret (path, text, 0600);
    if (more <= 0)
      options_taken (turn);
    else
      options_refused (turn, "too large");
  }
  g_setenv ("VIDEOMEET_PIN", "135791", TRUE);
  options_taken ("discover");
  fail_unless (options_parse (&c, "join x") == NULL);
  fail_unless_equals_string (c.pin, "135791");
  fail_unless (g_getenv ("VIDEOMEET_PIN") == NULL);
  g_setenv ("VIDEOMEET_TURN", "turn://a:b@h:1  turn://c:d@h:2", TRUE);
  fail_unless (options_parse (&d, "host") == NULL);
  fail_unless_equals_int (g_strv_length (d.turn), 2);
  fail_unless (g_getenv ("VIDEOMEET_TURN") == NULL);
  g_setenv ("VIDEOMEET_TURN_SECRET", "s", TRUE);
  fail_unless (options_parse (&e, "server --turn turn://h:1") == NULL);
  fail_unless_equals_string (e.turn_secret, "s");
  close (fd);
  g_unlink (path);
}

GST_END_TEST;

GST_START_TEST (test_secrets_are_hidden)
{
  gchar *line[] = { g_strdup ("host"), g_strdup ("--pin"), g_strdup ("246810"),
    g_strdup ("--pin=246810"), g_strdup ("--pin-file"), g_strdup ("a"),
    g_strdup ("--turn=turn://a:b@h"), g_strdup ("--turn"),
    g_strdup ("turn://h"), g_strdup ("--turn-secret"), g_strdup ("s"),
    g_strdup ("-s"), g_strdup ("rtsp://a:b@h"), g_strdup ("-srtsp://a:b@h"),
    g_strdup ("-s"), g_strdup ("camera"),
    g_strdup ("wss://h/ws/r?access_token=abc&x=1"), g_strdup ("--"),
    g_strdup ("--pin=1"), g_strdup ("wss://h/?access_token=abc"),
    g_strdup ("--pin"), NULL };
  const gchar *left[] = { "host", "--pin", "******", "--pin=******",
    "--pin-file", "a", "--turn=************", "--turn", "turn://h",
    "--turn-secret", "*", "-s", "************", "-s************", "-s",
    "camera", "wss://h/ws/r?access_token=***&x=1", "--", "--pin=1",
    "wss://h/?access_token=***", "--pin" };
  gchar *last[] = { (gchar *) "--pin", NULL };

  vmt_secrets_hide (line);
  for (guint i = 0; i < G_N_ELEMENTS (left); i++) {
    fail_unless_equals_string (line[i], left[i]);
    g_free (line[i]);
  }
  vmt_secrets_hide (last);
}

GST_END_TEST;

GST_START_TEST (test_ice_servers)
{
  g_auto (VmtOptions) host = { 0 };
  g_auto (VmtOptions) join = { 0 };

  fail_unless (
      options_parse (&host, "host --stun stun://h:1 --turn turn://a:b@h "
                            "--turn turns://a:b@h:2")
      == NULL);
  fail_unless_equals_string (host.stun, "stun://h:1");
  fail_unless_equals_int (g_strv_length (host.turn), 2);
  fail_unless_equals_string (host.turn[1], "turns://a:b@h:2");
  fail_unless (options_parse (&join, "join x --turn turn://a:b@h") == NULL);
  options_refused ("host --stun h:1", "stun://HOST:PORT");
  options_refused ("host --turn stun://h", "turn://USER");
  options_refused ("host --turn turn://h", "turn://USER");
  options_refused ("host --turn turn://a:b@h,turn://a:b@i", "%2C");
  options_refused ("discover --stun stun://h", "--stun");
}

GST_END_TEST;

GST_START_TEST (test_latency)
{
  static const gchar *const good[] = { "auto", "0", "200", "10000" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree gchar *line = g_strconcat ("join x --latency ", good[i], NULL);
    g_auto (VmtOptions) options = { 0 };

    fail_unless (options_parse (&options, line) == NULL, "%s", line);
    fail_unless_equals_string (options.latency, good[i]);
  }
  options_refused ("host --latency 10001", "0 to 10000");
  options_refused ("host --latency -1", "0 to 10000");
  options_refused ("host --latency short", "not 'short'");
}

GST_END_TEST;

GST_START_TEST (test_paths)
{
  g_auto (VmtOptions) host = { 0 };
  g_auto (VmtOptions) join = { 0 };

  fail_unless (options_parse (&host, "host --fallback host") == NULL);
  fail_unless_equals_string (host.fallback, "host");
  fail_unless (options_parse (&join, "join x --fallback srflx,relay,cloud "
                                     "--ice-transport-policy relay")
               == NULL);
  fail_unless_equals_string (join.fallback, "srflx,relay,cloud");
  fail_unless_equals_string (join.ice_transport_policy, "relay");
  options_refused ("host --fallback turn", "host, srflx, relay and cloud");
  options_refused ("host --fallback host,", "not 'host,'");
  options_refused ("host --fallback=", "--fallback");
  options_refused (
      "host --ice-transport-policy none", "all or relay, not 'none'");
}

GST_END_TEST;

static void
reaches (const gchar *line, const gchar *words)
{
  g_auto (VmtOptions) options = { 0 };
  g_autofree gchar *reach = NULL;

  fail_unless (options_parse (&options, line) == NULL);
  reach = vmt_options_describe_reach (&options);
  fail_unless (strstr (reach, words) != NULL, "%s: %s", line, reach);
  fail_if (strstr (reach, "secret"), "%s", reach);
}

/* Which servers learn the addresses of those who join is the user's choice. */
GST_START_TEST (test_servers_in_words)
{
  reaches ("host", "No server on the Internet is asked");
  reaches ("server", "No server on the Internet is asked");
  reaches ("host --stun stun://h:3478", "The STUN server h:3478 is asked");
  reaches ("host --turn turn://u:secret@h:3478", "TURN servers are asked");
  reaches ("server --stun stun://h:3478 --turn turn://u:secret@h:3478",
      "The STUN server h:3478 and TURN servers are asked");
}

GST_END_TEST;

GST_START_TEST (test_calls)
{
  g_auto (VmtOptions) call = { 0 };
  g_auto (VmtOptions) answer = { 0 };
  g_autofree gchar *longest = g_strnfill (VMT_NAME_MAX, 'x');
  g_autofree gchar *fits = g_strdup_printf ("call %s --server ws://h", longest);
  g_autofree gchar *over =
      g_strdup_printf ("call %sx --server ws://h", longest);

  fail_unless (
      options_parse (&call, "call Bob --server wss://h:3000 --user Ann "
                            "--audio-only --source test --duration 2")
      == NULL);
  fail_unless_equals_string (call.target, "Bob");
  fail_unless_equals_string (call.server, "wss://h:3000");
  fail_unless_equals_string (call.user, "Ann");
  fail_unless (call.audio_only && call.duration == 2);
  fail_unless (
      options_parse (&answer, "answer --server ws://h --accept auto") == NULL);
  fail_unless (answer.target == NULL);
  fail_unless_equals_int (answer.accept, VM_ACCEPT_AUTO);
  options_taken ("answer --server ws://h --accept ask");
  options_taken (fits);
  options_refused (over, "longer than 128 bytes");
  options_refused ("call Bob", "--server");
  options_refused ("answer", "--server");
  options_refused ("call --server ws://h", "Say whom");
  options_refused ("call '' --server ws://h", "Say whom");
  options_refused ("call Bob Carl --server ws://h", "'Carl'");
  options_refused ("answer Bob --server ws://h", "'Bob'");
  options_refused ("call Bob --server h:3000", "ws://HOST:PORT");
  options_refused ("call Bob --server ws://h --accept auto", "--accept");
  options_refused ("answer --server ws://h --accept never", "ask or auto");
  options_refused (
      "answer --server ws://h --accept perhaps", "ask or auto here, not");
  options_refused ("join Bob --server ws://h", "--server");
}

GST_END_TEST;

GST_START_TEST (test_pin_hides_unless_told)
{
  g_auto (VmtOptions) hidden = { 0 };
  g_auto (VmtOptions) shown = { 0 };
  g_auto (VmtOptions) guest = { 0 };

  fail_unless (options_parse (&hidden, "host --pin 123456") == NULL);
  fail_unless (hidden.announce_set);
  fail_unless_equals_int (hidden.announce, VM_ANNOUNCE_MINIMAL);
  fail_unless (
      options_parse (&shown, "host --pin 123456 --announce full") == NULL);
  fail_unless_equals_int (shown.announce, VM_ANNOUNCE_FULL);
  fail_unless (options_parse (&guest, "join x --pin 123456") == NULL);
  fail_if (guest.announce_set);
}

GST_END_TEST;

GST_START_TEST (test_target)
{
  g_auto (VmtOptions) join = { 0 };
  g_auto (VmtOptions) named = { 0 };
  g_auto (VmtOptions) status = { 0 };
  g_auto (VmtOptions) forget = { 0 };

  fail_unless (options_parse (&join, "join standup") == NULL);
  fail_unless_equals_string (join.target, "standup");
  fail_unless (options_parse (&named, "join --meeting standup") == NULL);
  fail_unless_equals_string (named.target, "standup");
  fail_unless (options_parse (&status, "status 10.0.0.1") == NULL);
  fail_unless_equals_string (status.target, "10.0.0.1");
  options_refused ("join", "which meeting");
  options_refused ("join ''", "which meeting");
  options_refused ("join a b", "'b'");
  options_refused ("join a --meeting b", "not both");
  options_refused ("status", "which device");
  options_refused ("status a b", "'b'");
  options_refused ("host standup", "'standup'");
  options_refused ("discover x", "'x'");
  options_taken ("known --json");
  options_refused ("known x", "'x'");
  fail_unless (options_parse (&forget, "forget ABCD --json") == NULL);
  fail_unless_equals_string (forget.target, "ABCD");
  options_refused ("forget", "which device");
  options_refused ("forget ''", "which device");
  options_refused ("forget a b", "'b'");
  options_refused ("forget a --user b", "--user");
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  g_autofree gchar *longest = g_strnfill (VMT_NAME_MAX, 'x');
  g_autofree gchar *ok = g_strconcat ("host --meeting ", longest, NULL);
  g_autofree gchar *over = g_strconcat ("host --meeting x", longest, NULL);

  options_taken (ok);
  options_refused (over, "128 bytes");
  options_refused ("host --meeting ''", "empty");
  options_refused ("host --user 'a\033[2J'", "control character");

  options_taken ("host --port 1");
  options_taken ("host --port 65535");
  options_refused ("host --port 0", "65535");
  options_refused ("host --port 65536", "65535");
  options_refused ("host --port -1", "65535");
  options_refused ("host --port x", "--port");

  options_taken ("host --max-participants 2");
  options_taken ("host --max-participants 128");
  options_refused ("host --max-participants 0", "from 2 to 128");
  options_refused ("host --max-participants 1", "from 2 to 128");
  options_refused ("host --max-participants 129", "from 2 to 128");

  options_taken ("host --pin 123456");
  options_refused ("host --pin 12345", "6 to 32 digits");
  options_refused ("host --pin 12345x", "6 to 32 digits");
  options_taken ("host --pin 12345678901234567890123456789012");
  options_refused (
      "host --pin 123456789012345678901234567890123", "6 to 32 digits");

  options_refused ("join x --token-file /no/such/file", "No such file");
  options_refused (
      "call x --server ws://a --token-file /dev/null", "no token in");
  options_refused ("join x --token-file /dev/zero", "File too large");
  options_refused (
      "host --token-file /dev/null", "There is no option --token-file");

  options_taken ("discover --duration 0.5");
  options_taken ("discover --duration 2592000");
  options_refused ("discover --duration 0", "above 0");
  options_refused ("discover --duration -1", "above 0");
  options_refused ("discover --duration 2592001", "30 days");
}

GST_END_TEST;

#define TURN "server --turn turn://h --turn-secret s --turn-lifetime "

/* At, below and above what --turn-lifetime takes. */
GST_START_TEST (test_turn_lifetime)
{
  static const gchar *const good[] = { TURN "60", TURN "604800" };
  static const gint wanted[] = { VMT_TURN_LIFETIME_MIN, VMT_TURN_LIFETIME_MAX };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_auto (VmtOptions) options = { 0 };

    fail_unless (options_parse (&options, good[i]) == NULL);
    fail_unless_equals_int (options.turn_lifetime, wanted[i]);
  }
  options_refused (TURN "59", "60 to 604800");
  options_refused (TURN "604801", "60 to 604800");
  options_refused (
      "server --turn turn://a:b@h --turn-lifetime 60", "--turn-secret");
  options_refused ("server --ice-transport-policy relay", "needs --turn");
  options_refused ("server --ice-transport-policy direct", "all or relay");
  options_taken ("server --ice-transport-policy relay --turn turn://a:b@h");
  options_taken ("server --ice-transport-policy all");
  options_refused (
      "server --relay-only", "--ice-transport-policy relay needs --turn");
  options_taken ("server --relay-only --turn turn://a:b@h");
}

GST_END_TEST;

/* Below, at and above what --drain takes. */
GST_START_TEST (test_drain)
{
  const gdouble good[] = { 0, VMT_DRAIN_MAX - 0.1, VMT_DRAIN_MAX };
  g_autofree gchar *over =
      g_strdup_printf ("server --drain %.1f", VMT_DRAIN_MAX + 0.1);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_auto (VmtOptions) options = { 0 };
    g_autofree gchar *line = g_strdup_printf ("server --drain %.1f", good[i]);

    fail_unless (options_parse (&options, line) == NULL);
    fail_unless_equals_float (options.drain, good[i]);
  }
  options_refused (over, "0 to 600 seconds");
  options_refused ("server --drain -0.1", "0 to 600 seconds");
  options_refused ("server --drain nan", "0 to 600 seconds");
  options_refused ("server --drain -inf", "0 to 600 seconds");
}

GST_END_TEST;

GST_START_TEST (test_files)
{
  g_auto (VmtOptions) send = { 0 };
  g_auto (VmtOptions) receive = { 0 };
  g_auto (VmtOptions) turns = { 0 };
  g_auto (VmtOptions) share = { 0 };
  g_auto (VmtOptions) host = { 0 };

  fail_unless (options_parse (&send,
                   "send a b Ann --max-bitrate 2.5M --peers 10.0.0.1:8080")
               == NULL);
  fail_unless_equals_string (send.files[0], "a");
  fail_unless_equals_string (send.files[1], "b");
  fail_unless (send.files[2] == NULL);
  fail_unless_equals_string (send.target, "Ann");
  fail_unless_equals_uint64 (send.max_bitrate, 2500000);
  options_refused ("send", "videomeet send FILE DEVICE");
  options_refused ("send a", "videomeet send FILE DEVICE");
  options_refused ("send a ''", "videomeet send FILE DEVICE");
  options_refused ("send '' Ann", "name of a file is empty");
  options_refused ("send a Ann --accept auto", "accept");
  options_refused (
      "send a Ann --pin 123456", "with --meeting or --server alone");
  options_refused ("host --audio-only --screen-sound",
      "--screen-sound is of use with a picture alone");
  options_refused (
      "send a Ann --room lab", "--room is of use with --server alone");
  options_refused (
      "send a Ann --server http://h:1", "which server and which room");
  options_refused (
      "send a Ann --server ftp://h:1 --room lab", "https://HOST:PORT");
  options_refused (
      "send a Ann --server https://h/x?y=1 --room lab", "https://HOST/PATH");
  options_refused ("send a Ann --server http://h:1 --room lab --max-bitrate 1M",
      "--max-bitrate is of no use with --server");
  options_refused (
      "sync here Ann --server http://h:1 --room lab", "NAME:FOLDER");
  options_refused (
      "sync here :x --server http://h:1 --room lab", "NAME:FOLDER");
  options_refused ("sync", "NAME:FOLDER");
  options_refused ("sync here Ann:x", "which server and which room");
  for (guint i = 0; i < 4; i++) {
    static const gchar *const outside[] = { "/x", "..", "../x", "x/../.." };
    g_autofree gchar *line = g_strdup_printf (
        "sync here Ann:%s --server http://h:1 --room lab", outside[i]);

    options_refused (line, "below the folder that NAME shares");
  }
  options_refused (
      "sync here Ann:x --server http://h:1 --room lab --pin 123456",
      "unencrypted");
  options_refused (
      "send a Ann --server http://192.0.2.1:1 --room lab --pin 123456",
      "unencrypted");
  options_refused ("term view Ann --server http://h:1 --room lab --pin 123456",
      "unencrypted");
  options_refused (
      "agent --share x --server http://h:1 --room lab --pin 123456",
      "unencrypted");
  options_taken (
      "sync here Ann:x --server https://h:1 --room lab --pin 123456");
  options_taken (
      "sync here Ann:x --server http://127.0.0.2:1 --room lab --pin 123456");
  options_taken (
      "sync here Ann:x --server http://[::1]:1 --room lab --pin 123456");
  options_taken (
      "sync here Ann:x --server http://localhost:1 --room lab --pin 123456");
  options_taken ("sync here Ann:x --server http://h:1 --room lab --pin 123456 "
                 "--insecure");
  options_taken ("sync here Ann:x/..y --server http://h:1 --room lab");
  options_taken ("sync here Ann: --server http://h:1 --room lab");
  options_refused ("term", "videomeet term view NAME");
  options_refused ("term shar", "videomeet term view NAME");
  options_refused ("term view", "whose terminal");
  options_refused ("term view Ann", "which server and which room");
  options_refused ("term share", "which server and which room");
  options_refused ("agent --server http://h:1 --room lab", "--receive DIR");
  options_refused ("agent --server http://h:1 --room lab --share x --allow Ann",
      "--allow takes a name");
  options_refused (
      "agent --server http://h:1 --room lab --share x --allow Ann=call",
      "--allow takes file, folder, terminal:view and terminal:control");
  options_refused (
      "term --server http://h:1 --room lab", "videomeet term view NAME");
  options_refused (
      "term view --server http://h:1 --room lab", "whose terminal");
  options_refused (
      "term share --control --server http://h:1 --room lab", "--control");
  options_refused ("agent --server http://h:1 --room lab --term ''", "--term");
  fail_unless (
      options_parse (&share, "term share --server http://h:1 --room lab "
                             "--allow Bob=terminal:control -- sh -c date")
      == NULL);
  fail_unless_equals_int (g_strv_length (share.argv), 3);
  fail_unless_equals_string (share.argv[1], "-c");
  fail_unless (share.target == NULL);
  options_taken ("send a Ann --user Bob");
  options_taken (
      "send a b everybody --meeting standup --pin 123456 --user Bob");
  fail_unless_equals_int (send.max_active, 0);
  fail_unless_equals_int (vmt_options_get_priority (&send, "a"), 0);
  options_refused (
      "send a Ann --meeting m --max-active 1", "no use with --meeting");
  options_refused (
      "send a Ann --meeting m --priority a=1", "no use with --meeting");
  options_taken ("send a Ann --max-active 1");
  options_taken ("send a Ann --max-active 32");
  options_refused ("send a Ann --max-active 33", "from 1 to 32");
  options_refused ("send a Ann --max-active 0", "from 1 to 32");
  options_refused ("send a Ann --max-active -1", "from 1 to 32");
  options_taken ("send a Ann --priority *=100 --priority *=-100");
  options_refused ("send a Ann --priority a=101", "-100 to 100");
  options_refused ("send a Ann --priority a=-101", "-100 to 100");
  options_refused ("send a Ann --priority a", "-100 to 100");
  options_refused ("send a Ann --priority =1", "-100 to 100");
  fail_unless (
      options_parse (&turns,
          "send a Ann,Bob --max-active 7 --priority *.p=f=3 --priority "
          "*.p*=-2")
      == NULL);
  fail_unless_equals_string (turns.target, "Ann,Bob");
  fail_unless_equals_int (turns.max_active, 7);
  fail_unless_equals_int (vmt_options_get_priority (&turns, "x/a.p=f"), 3);
  fail_unless_equals_int (vmt_options_get_priority (&turns, "x.pdf/a.p"), -2);
  fail_unless_equals_int (vmt_options_get_priority (&turns, "x.pdf/a"), 0);

  fail_unless (options_parse (&host, "host --files in") == NULL);
  fail_unless_equals_string (host.files_dir, "in");
  fail_unless_equals_int (host.accept, VM_ACCEPT_ASK);
  fail_unless_equals_int (host.overwrite, VM_OVERWRITE_RENAME);
  options_taken (
      "join x --files in --accept auto --overwrite never --max-size 1");
  options_refused ("host --accept auto", "with --files alone");
  options_refused ("join x --max-size 1G", "with --files alone");
  options_refused ("host --files ''", "a folder");
  options_refused ("join x --quota 1G", "with --files alone");
  options_taken ("host --files in --quota 1G --max-bitrate 8M");
  options_taken ("join x --max-bitrate 1");
  options_refused ("call Bob --max-bitrate 1", "--max-bitrate");

  fail_unless (options_parse (&receive, "receive in") == NULL);
  fail_unless_equals_string (receive.target, "in");
  fail_unless_equals_int (receive.accept, VM_ACCEPT_ASK);
  fail_unless_equals_int (receive.overwrite, VM_OVERWRITE_RENAME);
  fail_unless_equals_uint64 (receive.max_size, 0);
  options_taken (
      "receive in --accept auto --overwrite never --max-size 1 --quota 1T");
  options_refused ("receive", "videomeet receive DIR");
  options_refused ("receive in --accept perhaps", "auto, ask or never");
}

GST_END_TEST;

/* Below, at and above what an amount may be, and what is none. */
GST_START_TEST (test_amounts)
{
  options_refused ("send a b --max-bitrate 0",
      "--max-bitrate takes a number from 1 to 1000000T");
  options_taken ("send a b --max-bitrate 1");
  options_taken ("send a b --max-bitrate 1000000T");
  options_refused ("send a b --max-bitrate 1000001T", "takes a number");
  options_refused ("send a b --max-bitrate -1", "takes a number");
  options_refused ("send a b --max-bitrate 8MB", "takes a number");
  options_refused ("send a b --max-bitrate M", "takes a number");
  options_refused ("send a b --max-bitrate nan", "takes a number");
  options_refused ("receive d --max-size 8m", "--max-size takes a number");
}

GST_END_TEST;

GST_START_TEST (test_words)
{
  VmMethods methods;

  fail_unless (vmt_methods_parse ("all", &methods, NULL));
  fail_unless_equals_int (methods, VM_METHODS_ALL);
  fail_unless (vmt_methods_parse ("udp+mdns", &methods, NULL));
  fail_unless_equals_int (methods, VM_METHODS_UDP | VM_METHODS_MDNS);
  options_refused ("host --methods mdns,smoke", "'smoke'");
  options_refused ("host --methods ''", "--methods takes");
  options_refused ("host --announce loudly", "'loudly'");
  options_refused ("host --codec av1", "'av1'");
  options_refused ("host --audio-profile loud", "voice or music");
  options_refused ("host --nonsense", "--nonsense");
  options_refused ("discover --record x", "--record");
  options_refused ("status x --duration 3", "--duration");
}

GST_END_TEST;

GST_START_TEST (test_suggestion)
{
  fail_unless_equals_string (vmt_command_suggest ("hots"), "host");
  fail_unless_equals_string (vmt_command_suggest ("discovr"), "discover");
  fail_unless_equals_string (vmt_command_suggest ("disc"), "discover");
  fail_unless_equals_string (vmt_command_suggest ("jion"), "join");
  fail_unless_equals_string (vmt_command_suggest ("stat"), "status");
  fail_unless_equals_string (vmt_command_suggest ("forgot"), "forget");
  fail_unless (vmt_command_suggest ("frobnicate") == NULL);
  fail_unless (vmt_command_suggest ("") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_completion)
{
  static const gchar *const shells[] = { "bash", "zsh", "fish" };
  g_autofree gchar *bash = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (shells); i++) {
    g_autofree gchar *script = vmt_completion_format (shells[i]);

    fail_unless (strstr (script, "max-participants") != NULL);
    fail_unless (strstr (script, "open pin require") != NULL);
    fail_unless (
        strstr (script, "request list show revoke export import") != NULL);
    fail_unless (strstr (script, "share view") != NULL);
    fail_unless (strstr (script, "native room socketio mesh") != NULL);
    fail_unless (strstr (script, "camera screen test stamp") != NULL);
    fail_unless (strstr (script, "voice music") != NULL);
  }
  /* what a command refuses is not offered */
  bash = vmt_completion_format ("bash");
  fail_unless (strstr (bash, "--accept) words='auto ask' ;;") != NULL);
  fail_unless (strstr (bash, "--accept) words='auto ask never' ;;") != NULL);
  fail_unless (strstr (bash, "--approve) words='ask auto' ;;") != NULL);
  fail_unless (vmt_completion_format ("csh") == NULL);
}

GST_END_TEST;

static Suite *
tool_options_suite (void)
{
  Suite *s = suite_create ("tool-options");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_defaults);
  tcase_add_test (tc, test_host);
  tcase_add_test (tc, test_pages_and_rooms);
  tcase_add_test (tc, test_token);
  tcase_add_test (tc, test_secrets_in_files);
  tcase_add_test (tc, test_secrets_are_hidden);
  tcase_add_test (tc, test_ice_servers);
  tcase_add_test (tc, test_latency);
  tcase_add_test (tc, test_paths);
  tcase_add_test (tc, test_servers_in_words);
  tcase_add_test (tc, test_calls);
  tcase_add_test (tc, test_pin_hides_unless_told);
  tcase_add_test (tc, test_target);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_turn_lifetime);
  tcase_add_test (tc, test_drain);
  tcase_add_test (tc, test_files);
  tcase_add_test (tc, test_amounts);
  tcase_add_test (tc, test_words);
  tcase_add_test (tc, test_suggestion);
  tcase_add_test (tc, test_completion);
  return s;
}

CHECK_PROGRAM (tool_options)
