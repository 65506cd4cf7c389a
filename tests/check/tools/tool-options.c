/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include "options/options-config.h"
#include "options/options-files.h"
#include "options/options-table.h"
#include "options/options.h"

/* Parses @line, the command's own name first; NULL when it was taken, else the
 * sentence that refuses it. */
static gchar *
parse (VmtOptions *options, const gchar *line)
{
  g_auto (GStrv) argv = NULL;
  g_autofree gchar **view = NULL;
  g_autoptr (GError) error = NULL;
  gchar **rest;
  gint argc;
  VmtCommand command;

  fail_unless (g_shell_parse_argv (line, &argc, &argv, NULL));
  fail_unless (vmt_command_from_string (argv[0], &command));
  view = g_memdup2 (argv, (argc + 1) * sizeof (gchar *));
  rest = view;
  if (vmt_options_parse (options, command, &argc, &rest, &error))
    return NULL;
  fail_unless (error != NULL && *error->message);
  return g_strdup (error->message);
}

static void
taken (const gchar *line)
{
  g_auto (VmtOptions) options = { 0 };
  g_autofree gchar *message = parse (&options, line);

  fail_unless (message == NULL, "%s: %s", line, message);
}

static void
refused (const gchar *line, const gchar *fragment)
{
  g_auto (VmtOptions) options = { 0 };
  g_autofree gchar *message = parse (&options, line);

  fail_unless (message != NULL, "%s was taken", line);
  fail_unless (strstr (message, fragment) != NULL, "%s: %s", line, message);
}

GST_START_TEST (test_defaults)
{
  g_auto (VmtOptions) options = { 0 };

  fail_unless (parse (&options, "host") == NULL);
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
      parse (&options,
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

  fail_unless (parse (&host, "host --origin https://a.example "
                             "--origin http://b.example:8080")
               == NULL);
  fail_unless_equals_int (g_strv_length (host.origins), 2);
  fail_unless_equals_string (host.origins[1], "http://b.example:8080");
  fail_unless (parse (&join, "join ws://h:3000/room --dialect room") == NULL);
  fail_unless_equals_string (join.dialect, "room");
  fail_unless (parse (&near, "join x --peers 10.0.0.1:8081,ann.local,[::1]:80,"
                             "fe80::1%lo")
               == NULL);
  refused ("host --origin a.example", "https://example.org");
  refused ("host --tls-key k.pem", "--tls-cert");
  refused ("join x --tls-cert c.pem", "--tls-cert");
  refused ("host --origin http://a,http://b", "https://example.org");
  refused ("join x --origin https://a.example", "--origin");
  refused ("join x --peers x:y:z", "'x:y:z'");
  refused ("send f Bob --peers 10.0.0.1:0", "--peers takes addresses");
  refused ("discover --peers 10.0.0.1,,10.0.0.2", "--peers");
  refused ("host --peers https://10.0.0.1", "--peers");
  refused ("host --peers 10.0.0.1:99999", "--peers");
  refused ("join x --dialect klingon", "native, room, socketio or mesh");
  refused ("join x --dialect ''", "native, room, socketio or mesh");
  refused ("host --dialect room", "--dialect");
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
  refused (line, "others can read");
  fail_unless (g_chmod (path, 0600) == 0);
  fail_unless (parse (&options, line) == NULL);
  fail_unless_equals_string (options.token, "ab.c-d._~+/=");
  fail_unless (g_file_set_contents_full (
      path, "ab c", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  refused (line, "no token in");
  for (gsize size = VMT_TOKEN_MAX - 1; size <= VMT_TOKEN_MAX + 1; size++) {
    g_autofree gchar *text = g_strnfill (VMT_TOKEN_FILE_MAX, ' ');

    memset (text, 't', size);
    fail_unless (g_file_set_contents_full (
        path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    if (size <= VMT_TOKEN_MAX)
      taken (line);
    else
      refused (line, "more than 4096 characters");
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
  refused (host, "others can read");
  write_secret (path, "246810\n", 0600);
  fail_unless (parse (&a, host) == NULL);
  fail_unless_equals_string (a.pin, "246810");
  both = g_strdup_printf ("%s --pin 246810", host);
  refused (both, "cannot both be given");
  write_secret (path, "12345\n", 0600);
  refused (host, "6 to 32 digits");
  refused ("join x --pin-file /no/such/file", "No such file");

  turn = g_strdup_printf ("host --turn-file %s", path);
  write_secret (path, "turn://a:b@h:1\n\nturn://c:d@h:2\n", 0600);
  fail_unless (parse (&b, turn) == NULL);
  fail_unless_equals_int (g_strv_length (b.turn), 2);
  fail_unless_equals_string (b.turn[1], "turn://c:d@h:2");
  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *text = g_strnfill (VMT_SECRET_FILE_MAX + more, ' ');

    memcpy (text, "turn://a:b@h:1", strlen ("turn://a:b@h:1"));
    write_secret (path, text, 0600);
    if (more <= 0)
      taken (turn);
    else
      refused (turn, "too large");
  }
  g_setenv ("VIDEOMEET_PIN", "135791", TRUE);
  taken ("discover");
  fail_unless (parse (&c, "join x") == NULL);
  fail_unless_equals_string (c.pin, "135791");
  fail_unless (g_getenv ("VIDEOMEET_PIN") == NULL);
  g_setenv ("VIDEOMEET_TURN", "turn://a:b@h:1  turn://c:d@h:2", TRUE);
  fail_unless (parse (&d, "host") == NULL);
  fail_unless_equals_int (g_strv_length (d.turn), 2);
  fail_unless (g_getenv ("VIDEOMEET_TURN") == NULL);
  g_setenv ("VIDEOMEET_TURN_SECRET", "s", TRUE);
  fail_unless (parse (&e, "server --turn turn://h:1") == NULL);
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
    g_strdup ("--"), g_strdup ("--pin=1"), g_strdup ("--pin"), NULL };
  const gchar *left[] = { "host", "--pin", "******", "--pin=******",
    "--pin-file", "a", "--turn=************", "--turn", "turn://h",
    "--turn-secret", "*", "--", "--pin=1", "--pin" };
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

  fail_unless (parse (&host, "host --stun stun://h:1 --turn turn://a:b@h "
                             "--turn turns://a:b@h:2")
               == NULL);
  fail_unless_equals_string (host.stun, "stun://h:1");
  fail_unless_equals_int (g_strv_length (host.turn), 2);
  fail_unless_equals_string (host.turn[1], "turns://a:b@h:2");
  fail_unless (parse (&join, "join x --turn turn://a:b@h") == NULL);
  refused ("host --stun h:1", "stun://HOST:PORT");
  refused ("host --turn stun://h", "turn://USER");
  refused ("host --turn turn://h", "turn://USER");
  refused ("host --turn turn://a:b@h,turn://a:b@i", "%2C");
  refused ("discover --stun stun://h", "--stun");
}

GST_END_TEST;

GST_START_TEST (test_latency)
{
  static const gchar *const good[] = { "auto", "0", "200", "10000" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree gchar *line = g_strconcat ("join x --latency ", good[i], NULL);
    g_auto (VmtOptions) options = { 0 };

    fail_unless (parse (&options, line) == NULL, "%s", line);
    fail_unless_equals_string (options.latency, good[i]);
  }
  refused ("host --latency 10001", "0 to 10000");
  refused ("host --latency -1", "0 to 10000");
  refused ("host --latency short", "not 'short'");
}

GST_END_TEST;

GST_START_TEST (test_paths)
{
  g_auto (VmtOptions) host = { 0 };
  g_auto (VmtOptions) join = { 0 };

  fail_unless (parse (&host, "host --fallback host") == NULL);
  fail_unless_equals_string (host.fallback, "host");
  fail_unless (parse (&join, "join x --fallback srflx,relay,cloud "
                             "--ice-transport-policy relay")
               == NULL);
  fail_unless_equals_string (join.fallback, "srflx,relay,cloud");
  fail_unless_equals_string (join.ice_transport_policy, "relay");
  refused ("host --fallback turn", "host, srflx, relay and cloud");
  refused ("host --fallback host,", "not 'host,'");
  refused ("host --fallback=", "--fallback");
  refused ("host --ice-transport-policy none", "all or relay, not 'none'");
}

GST_END_TEST;

static void
reaches (const gchar *line, const gchar *words)
{
  g_auto (VmtOptions) options = { 0 };
  g_autofree gchar *reach = NULL;

  fail_unless (parse (&options, line) == NULL);
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

  fail_unless (parse (&call, "call Bob --server wss://h:3000 --user Ann "
                             "--audio-only --source test --duration 2")
               == NULL);
  fail_unless_equals_string (call.target, "Bob");
  fail_unless_equals_string (call.server, "wss://h:3000");
  fail_unless_equals_string (call.user, "Ann");
  fail_unless (call.audio_only && call.duration == 2);
  fail_unless (parse (&answer, "answer --server ws://h --accept auto") == NULL);
  fail_unless (answer.target == NULL);
  fail_unless_equals_int (answer.accept, VM_ACCEPT_AUTO);
  taken ("answer --server ws://h --accept ask");
  taken (fits);
  refused (over, "longer than 128 bytes");
  refused ("call Bob", "--server");
  refused ("answer", "--server");
  refused ("call --server ws://h", "Say whom");
  refused ("call '' --server ws://h", "Say whom");
  refused ("call Bob Carl --server ws://h", "'Carl'");
  refused ("answer Bob --server ws://h", "'Bob'");
  refused ("call Bob --server h:3000", "ws://HOST:PORT");
  refused ("call Bob --server ws://h --accept auto", "--accept");
  refused ("answer --server ws://h --accept never", "ask or auto");
  refused ("answer --server ws://h --accept perhaps", "ask or auto here, not");
  refused ("join Bob --server ws://h", "--server");
}

GST_END_TEST;

GST_START_TEST (test_pin_hides_unless_told)
{
  g_auto (VmtOptions) hidden = { 0 };
  g_auto (VmtOptions) shown = { 0 };
  g_auto (VmtOptions) guest = { 0 };

  fail_unless (parse (&hidden, "host --pin 123456") == NULL);
  fail_unless (hidden.announce_set);
  fail_unless_equals_int (hidden.announce, VM_ANNOUNCE_MINIMAL);
  fail_unless (parse (&shown, "host --pin 123456 --announce full") == NULL);
  fail_unless_equals_int (shown.announce, VM_ANNOUNCE_FULL);
  fail_unless (parse (&guest, "join x --pin 123456") == NULL);
  fail_if (guest.announce_set);
}

GST_END_TEST;

GST_START_TEST (test_target)
{
  g_auto (VmtOptions) join = { 0 };
  g_auto (VmtOptions) named = { 0 };
  g_auto (VmtOptions) status = { 0 };
  g_auto (VmtOptions) forget = { 0 };

  fail_unless (parse (&join, "join standup") == NULL);
  fail_unless_equals_string (join.target, "standup");
  fail_unless (parse (&named, "join --meeting standup") == NULL);
  fail_unless_equals_string (named.target, "standup");
  fail_unless (parse (&status, "status 10.0.0.1") == NULL);
  fail_unless_equals_string (status.target, "10.0.0.1");
  refused ("join", "which meeting");
  refused ("join ''", "which meeting");
  refused ("join a b", "'b'");
  refused ("join a --meeting b", "not both");
  refused ("status", "which device");
  refused ("status a b", "'b'");
  refused ("host standup", "'standup'");
  refused ("discover x", "'x'");
  taken ("known --json");
  refused ("known x", "'x'");
  fail_unless (parse (&forget, "forget ABCD --json") == NULL);
  fail_unless_equals_string (forget.target, "ABCD");
  refused ("forget", "which device");
  refused ("forget ''", "which device");
  refused ("forget a b", "'b'");
  refused ("forget a --user b", "--user");
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  g_autofree gchar *longest = g_strnfill (VMT_NAME_MAX, 'x');
  g_autofree gchar *ok = g_strconcat ("host --meeting ", longest, NULL);
  g_autofree gchar *over = g_strconcat ("host --meeting x", longest, NULL);

  taken (ok);
  refused (over, "128 bytes");
  refused ("host --meeting ''", "empty");
  refused ("host --user 'a\033[2J'", "control character");

  taken ("host --port 1");
  taken ("host --port 65535");
  refused ("host --port 0", "65535");
  refused ("host --port 65536", "65535");
  refused ("host --port -1", "65535");
  refused ("host --port x", "--port");

  taken ("host --max-participants 2");
  taken ("host --max-participants 128");
  refused ("host --max-participants 0", "from 2 to 128");
  refused ("host --max-participants 1", "from 2 to 128");
  refused ("host --max-participants 129", "from 2 to 128");

  taken ("host --pin 123456");
  refused ("host --pin 12345", "6 to 32 digits");
  refused ("host --pin 12345x", "6 to 32 digits");
  taken ("host --pin 12345678901234567890123456789012");
  refused ("host --pin 123456789012345678901234567890123", "6 to 32 digits");

  refused ("join x --token-file /no/such/file", "No such file");
  refused ("call x --server ws://a --token-file /dev/null", "no token in");
  refused ("join x --token-file /dev/zero", "File too large");
  refused ("host --token-file /dev/null", "There is no option --token-file");

  taken ("discover --duration 0.5");
  taken ("discover --duration 2592000");
  refused ("discover --duration 0", "above 0");
  refused ("discover --duration -1", "above 0");
  refused ("discover --duration 2592001", "30 days");
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

    fail_unless (parse (&options, good[i]) == NULL);
    fail_unless_equals_int (options.turn_lifetime, wanted[i]);
  }
  refused (TURN "59", "60 to 604800");
  refused (TURN "604801", "60 to 604800");
  refused ("server --turn turn://a:b@h --turn-lifetime 60", "--turn-secret");
  refused ("server --ice-transport-policy relay", "needs --turn");
  refused ("server --ice-transport-policy direct", "all or relay");
  taken ("server --ice-transport-policy relay --turn turn://a:b@h");
  taken ("server --ice-transport-policy all");
  refused ("server --relay-only", "--ice-transport-policy relay needs --turn");
  taken ("server --relay-only --turn turn://a:b@h");
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

    fail_unless (parse (&options, line) == NULL);
    fail_unless_equals_float (options.drain, good[i]);
  }
  refused (over, "0 to 600 seconds");
  refused ("server --drain -0.1", "0 to 600 seconds");
  refused ("server --drain nan", "0 to 600 seconds");
  refused ("server --drain -inf", "0 to 600 seconds");
}

GST_END_TEST;

GST_START_TEST (test_files)
{
  g_auto (VmtOptions) send = { 0 };
  g_auto (VmtOptions) receive = { 0 };
  g_auto (VmtOptions) turns = { 0 };
  g_auto (VmtOptions) share = { 0 };
  g_auto (VmtOptions) host = { 0 };

  fail_unless (
      parse (&send, "send a b Ann --max-bitrate 2.5M --peers 10.0.0.1:8080")
      == NULL);
  fail_unless_equals_string (send.files[0], "a");
  fail_unless_equals_string (send.files[1], "b");
  fail_unless (send.files[2] == NULL);
  fail_unless_equals_string (send.target, "Ann");
  fail_unless_equals_uint64 (send.max_bitrate, 2500000);
  refused ("send", "videomeet send FILE DEVICE");
  refused ("send a", "videomeet send FILE DEVICE");
  refused ("send a ''", "videomeet send FILE DEVICE");
  refused ("send '' Ann", "name of a file is empty");
  refused ("send a Ann --accept auto", "accept");
  refused ("send a Ann --pin 123456", "with --meeting or --server alone");
  refused ("host --audio-only --screen-sound",
      "--screen-sound is of use with a picture alone");
  refused ("send a Ann --room lab", "--room is of use with --server alone");
  refused ("send a Ann --server http://h:1", "which server and which room");
  refused ("send a Ann --server ws://h:1 --room lab", "https://HOST:PORT");
  refused (
      "send a Ann --server https://h/x?y=1 --room lab", "https://HOST/PATH");
  refused ("send a Ann --server http://h:1 --room lab --max-bitrate 1M",
      "--max-bitrate is of no use with --server");
  refused ("sync here Ann --server http://h:1 --room lab", "NAME:FOLDER");
  refused ("sync here :x --server http://h:1 --room lab", "NAME:FOLDER");
  refused ("sync", "NAME:FOLDER");
  refused ("sync here Ann:x", "which server and which room");
  for (guint i = 0; i < 4; i++) {
    static const gchar *const outside[] = { "/x", "..", "../x", "x/../.." };
    g_autofree gchar *line = g_strdup_printf (
        "sync here Ann:%s --server http://h:1 --room lab", outside[i]);

    refused (line, "below the folder that NAME shares");
  }
  refused ("sync here Ann:x --server http://h:1 --room lab --pin 123456",
      "unencrypted");
  refused ("send a Ann --server http://192.0.2.1:1 --room lab --pin 123456",
      "unencrypted");
  refused ("term view Ann --server http://h:1 --room lab --pin 123456",
      "unencrypted");
  refused ("agent --share x --server http://h:1 --room lab --pin 123456",
      "unencrypted");
  taken ("sync here Ann:x --server https://h:1 --room lab --pin 123456");
  taken ("sync here Ann:x --server http://127.0.0.2:1 --room lab --pin 123456");
  taken ("sync here Ann:x --server http://[::1]:1 --room lab --pin 123456");
  taken ("sync here Ann:x --server http://localhost:1 --room lab --pin 123456");
  taken ("sync here Ann:x --server http://h:1 --room lab --pin 123456 "
         "--insecure");
  taken ("sync here Ann:x/..y --server http://h:1 --room lab");
  taken ("sync here Ann: --server http://h:1 --room lab");
  refused ("term", "videomeet term view NAME");
  refused ("term shar", "videomeet term view NAME");
  refused ("term view", "whose terminal");
  refused ("term view Ann", "which server and which room");
  refused ("term share", "which server and which room");
  refused ("agent --server http://h:1 --room lab", "--receive DIR");
  refused ("agent --server http://h:1 --room lab --share x --allow Ann",
      "--allow takes a name");
  refused ("agent --server http://h:1 --room lab --share x --allow Ann=call",
      "--allow takes file, folder, terminal:view and terminal:control");
  refused ("term --server http://h:1 --room lab", "videomeet term view NAME");
  refused ("term view --server http://h:1 --room lab", "whose terminal");
  refused ("term share --control --server http://h:1 --room lab", "--control");
  refused ("agent --server http://h:1 --room lab --term ''", "--term");
  fail_unless (parse (&share, "term share --server http://h:1 --room lab "
                              "--allow Bob=terminal:control -- sh -c date")
               == NULL);
  fail_unless_equals_int (g_strv_length (share.argv), 3);
  fail_unless_equals_string (share.argv[1], "-c");
  fail_unless (share.target == NULL);
  taken ("send a Ann --user Bob");
  taken ("send a b everybody --meeting standup --pin 123456 --user Bob");
  fail_unless_equals_int (send.max_active, 0);
  fail_unless_equals_int (vmt_options_get_priority (&send, "a"), 0);
  refused ("send a Ann --meeting m --max-active 1", "no use with --meeting");
  refused ("send a Ann --meeting m --priority a=1", "no use with --meeting");
  taken ("send a Ann --max-active 1");
  taken ("send a Ann --max-active 32");
  refused ("send a Ann --max-active 33", "from 1 to 32");
  refused ("send a Ann --max-active 0", "from 1 to 32");
  refused ("send a Ann --max-active -1", "from 1 to 32");
  taken ("send a Ann --priority *=100 --priority *=-100");
  refused ("send a Ann --priority a=101", "-100 to 100");
  refused ("send a Ann --priority a=-101", "-100 to 100");
  refused ("send a Ann --priority a", "-100 to 100");
  refused ("send a Ann --priority =1", "-100 to 100");
  fail_unless (
      parse (&turns,
          "send a Ann,Bob --max-active 7 --priority *.p=f=3 --priority "
          "*.p*=-2")
      == NULL);
  fail_unless_equals_string (turns.target, "Ann,Bob");
  fail_unless_equals_int (turns.max_active, 7);
  fail_unless_equals_int (vmt_options_get_priority (&turns, "x/a.p=f"), 3);
  fail_unless_equals_int (vmt_options_get_priority (&turns, "x.pdf/a.p"), -2);
  fail_unless_equals_int (vmt_options_get_priority (&turns, "x.pdf/a"), 0);

  fail_unless (parse (&host, "host --files in") == NULL);
  fail_unless_equals_string (host.files_dir, "in");
  fail_unless_equals_int (host.accept, VM_ACCEPT_ASK);
  fail_unless_equals_int (host.overwrite, VM_OVERWRITE_RENAME);
  taken ("join x --files in --accept auto --overwrite never --max-size 1");
  refused ("host --accept auto", "with --files alone");
  refused ("join x --max-size 1G", "with --files alone");
  refused ("host --files ''", "a folder");
  refused ("join x --quota 1G", "with --files alone");
  taken ("host --files in --quota 1G --max-bitrate 8M");
  taken ("join x --max-bitrate 1");
  refused ("call Bob --max-bitrate 1", "--max-bitrate");

  fail_unless (parse (&receive, "receive in") == NULL);
  fail_unless_equals_string (receive.target, "in");
  fail_unless_equals_int (receive.accept, VM_ACCEPT_ASK);
  fail_unless_equals_int (receive.overwrite, VM_OVERWRITE_RENAME);
  fail_unless_equals_uint64 (receive.max_size, 0);
  taken ("receive in --accept auto --overwrite never --max-size 1 --quota 1T");
  refused ("receive", "videomeet receive DIR");
  refused ("receive in --accept perhaps", "auto, ask or never");
}

GST_END_TEST;

/* Below, at and above what an amount may be, and what is none. */
GST_START_TEST (test_amounts)
{
  refused ("send a b --max-bitrate 0",
      "--max-bitrate takes a number from 1 to 1000000T");
  taken ("send a b --max-bitrate 1");
  taken ("send a b --max-bitrate 1000000T");
  refused ("send a b --max-bitrate 1000001T", "takes a number");
  refused ("send a b --max-bitrate -1", "takes a number");
  refused ("send a b --max-bitrate 8MB", "takes a number");
  refused ("send a b --max-bitrate M", "takes a number");
  refused ("send a b --max-bitrate nan", "takes a number");
  refused ("receive d --max-size 8m", "--max-size takes a number");
}

GST_END_TEST;

GST_START_TEST (test_words)
{
  VmMethods methods;

  fail_unless (vmt_methods_parse ("all", &methods, NULL));
  fail_unless_equals_int (methods, VM_METHODS_ALL);
  fail_unless (vmt_methods_parse ("udp+mdns", &methods, NULL));
  fail_unless_equals_int (methods, VM_METHODS_UDP | VM_METHODS_MDNS);
  refused ("host --methods mdns,smoke", "'smoke'");
  refused ("host --methods ''", "--methods takes");
  refused ("host --announce loudly", "'loudly'");
  refused ("host --codec av1", "'av1'");
  refused ("host --audio-profile loud", "voice or music");
  refused ("host --nonsense", "--nonsense");
  refused ("discover --record x", "--record");
  refused ("status x --duration 3", "--duration");
}

GST_END_TEST;

static gchar *
config_path (void)
{
  return g_build_filename (
      g_get_user_config_dir (), "videomeet", "config", NULL);
}

static void
write_config (const gchar *text, gint mode)
{
  g_autofree gchar *path = config_path ();
  g_autofree gchar *folder = g_path_get_dirname (path);

  fail_unless (g_mkdir_with_parents (folder, 0700) == 0);
  fail_unless (g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, NULL));
  fail_unless (g_chmod (path, mode) == 0);
}

static void
remove_config (void)
{
  g_autofree gchar *path = config_path ();

  g_unlink (path);
}

/* The user's own file has defaults, and the command line wins. */
GST_START_TEST (test_config)
{
  g_auto (VmtOptions) host = { 0 };
  g_auto (VmtOptions) other = { 0 };
  g_auto (VmtOptions) join = { 0 };
  g_auto (VmtOptions) send = { 0 };
  g_auto (VmtOptions) sync = { 0 };
  g_auto (VmtOptions) none = { 0 };

  write_config ("# mine\n[videomeet]\nuser = Ann\nmeeting=standup\n"
                "view=true\naudio-only=false\nport=9000\n"
                "turn=turn://a:b@192.0.2.1;turn://c:d@192.0.2.2\n"
                "server=https://h:1\nroom=lab\nmax-active=3\n",
      0600);
  fail_unless (parse (&host, "host") == NULL);
  fail_unless_equals_string (host.user, "Ann");
  fail_unless_equals_string (host.meeting, "standup");
  fail_unless_equals_string (host.turn[1], "turn://c:d@192.0.2.2");
  fail_unless_equals_int (host.port, 9000);
  fail_unless (host.view && !host.audio_only);
  fail_unless (parse (&other, "host -u Bob --port=9001 --meeting x --turn "
                              "turn://e:f@192.0.2.3")
               == NULL);
  fail_unless_equals_string (other.user, "Bob");
  fail_unless_equals_string (other.meeting, "x");
  fail_unless_equals_int (other.port, 9001);
  fail_unless_equals_int (g_strv_length (other.turn), 1);
  /* what the same word means elsewhere has no default */
  fail_unless (parse (&join, "join other") == NULL);
  fail_unless_equals_string (join.target, "other");
  fail_unless (parse (&send, "send a Ann") == NULL);
  fail_unless_equals_int (send.max_active, 3);
  fail_unless (send.server == NULL);
  fail_unless (parse (&sync, "sync here Ann:x") == NULL);
  fail_unless_equals_string (sync.server, "https://h:1");
  taken ("status x");
  taken ("server");
  fail_unless (parse (&none, "host --no-config") == NULL);
  fail_unless (none.user == NULL && !none.view);
  remove_config ();
  taken ("host");
}

GST_END_TEST;

/* Whether the others are shown: nothing says so, the file, or the line. */
GST_START_TEST (test_view)
{
  static const struct
  {
    const gchar *config, *line;
    gboolean view, may_ask;
  } cases[] = {
    { NULL, "host", FALSE, TRUE },
    { NULL, "call Ann --server ws://127.0.0.1", FALSE, TRUE },
    { NULL, "host --view", TRUE, FALSE },
    { NULL, "host --no-view", FALSE, FALSE },
    { NULL, "host --audio-only", FALSE, FALSE },
    { NULL, "host --browser", FALSE, FALSE },
    { NULL, "host --no-config", FALSE, FALSE },
    { NULL, "send a Ann", FALSE, FALSE },
    { "view=true", "host", TRUE, FALSE },
    { "view=true", "host --no-view", FALSE, FALSE },
    { "view=false", "host", FALSE, FALSE },
    { "view=false", "host --view", TRUE, FALSE },
    { "no-view=true", "host", FALSE, FALSE },
    { "no-view=true", "host --view", TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("[videomeet]\n%s\n", cases[i].config);
    g_auto (VmtOptions) options = { 0 };

    if (cases[i].config)
      write_config (text, 0600);
    fail_unless (parse (&options, cases[i].line) == NULL, "%u", i);
    fail_unless_equals_int (options.view, cases[i].view);
    fail_unless_equals_int (options.may_ask_view, cases[i].may_ask);
    if (cases[i].config)
      remove_config ();
  }
}

GST_END_TEST;

/* An answer stands in the file from then on, beside what stood there. */
GST_START_TEST (test_kept_answer)
{
  g_autofree gchar *path = config_path (), *text = NULL, *again = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  fail_unless (vmt_options_keep_answer ("view", FALSE, &error));
  fail_unless (g_stat (path, &info) == 0);
  fail_unless_equals_int (info.st_mode & 0777, 0600);
  remove_config ();
  write_config ("# mine\n[videomeet]\n# this too\nuser=Ann\n", 0644);
  fail_unless (vmt_options_keep_answer ("view", TRUE, &error));
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  /* GLib before 2.76 puts an empty line behind the first comment */
  fail_unless (g_str_has_prefix (text, "# mine\n"));
  fail_unless_equals_string (
      strchr (text, '['), "[videomeet]\n# this too\nuser=Ann\nview=true\n");
  fail_unless (g_stat (path, &info) == 0);
  fail_unless_equals_int (info.st_mode & 0777, 0644);
  /* what cannot be read is left alone */
  write_config ("user=Ann\n", 0600);
  fail_if (vmt_options_keep_answer ("view", TRUE, &error));
  fail_unless (error != NULL);
  fail_unless (g_file_get_contents (path, &again, NULL, NULL));
  fail_unless_equals_string (again, "user=Ann\n");
  remove_config ();
}

GST_END_TEST;

GST_START_TEST (test_played)
{
  g_auto (VmtOptions) none = { 0 };
  g_auto (VmtOptions) page = { 0 };
  g_auto (VmtOptions) both = { 0 };
  g_auto (VmtOptions) typed = { 0 };

  fail_unless (parse (&none, "host --no-play") == NULL && none.no_play);
  refused ("host --no-play --speaker x", "--no-play");
  taken ("host --speaker x");
  /* the page plays them */
  fail_unless (parse (&page, "host --browser") == NULL && page.no_play);
  fail_unless (
      parse (&both, "host --browser --source test") == NULL && !both.no_play);
  /* what is typed counts before the file */
  write_config ("[videomeet]\nspeaker=x\n", 0600);
  fail_unless (parse (&typed, "host --no-play") == NULL);
  fail_unless (typed.no_play && !typed.speaker);
  remove_config ();
}

GST_END_TEST;

GST_START_TEST (test_config_refused)
{
  static const gchar *const bad[][2] = {
    { "[videomeet]\nuser=Ann\nusr=Bob\n", "line 3: there is no option 'usr'" },
    { "[videomeet]\njson=true\n", "line 2: there is no option 'json'" },
    { "[videomeet]\nview=perhaps\n", "line 2: 'view' cannot be read" },
    { "[videomeet]\nport=many\n", "many" },
    { "[host]\nuser=Ann\n", "the only group is [videomeet]" },
    { "user=Ann\n", "cannot be read" },
  };
  g_auto (VmtOptions) file = { 0 };
  g_autofree gchar *large = g_strnfill (64 * 1024 - 12, '#');
  g_autofree gchar *most = g_strdup_printf ("[videomeet]\n%s", large);
  g_autofree gchar *more = g_strconcat (most, "#", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    write_config (bad[i][0], 0600);
    refused ("host", bad[i][1]);
    taken ("host --no-config");
  }
  write_config (most, 0600);
  taken ("host");
  write_config (more, 0600);
  refused ("host", "cannot be read");
  /* others can read the PIN, or write what is done */
  write_config ("[videomeet]\nuser=Ann\n", 0644);
  taken ("host");
  write_config ("[videomeet]\npin=123456\n", 0644);
  refused ("host", "cannot be read");
  write_config ("[videomeet]\nuser=Ann\n", 0666);
  refused ("host", "cannot be read");
  /* of a PIN and its file one is meant */
  write_config ("[videomeet]\npin-file=/no/such/file\n", 0600);
  fail_unless (parse (&file, "host --pin 123456") == NULL);
  fail_unless_equals_string (file.pin, "123456");
  refused ("host", "No such file");
  remove_config ();
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

  for (guint i = 0; i < G_N_ELEMENTS (shells); i++) {
    g_autofree gchar *script = vmt_completion_format (shells[i]);

    fail_unless (strstr (script, "max-participants") != NULL);
    fail_unless (strstr (script, "open pin require") != NULL);
    fail_unless (
        strstr (script, "request list show revoke export import") != NULL);
    fail_unless (strstr (script, "share view") != NULL);
    fail_unless (strstr (script, "native room socketio mesh") != NULL);
    fail_unless (strstr (script, "camera screen test stamp") != NULL);
  }
  fail_unless (vmt_completion_format ("csh") == NULL);
}

GST_END_TEST;

static Suite *
tool_options_suite (void)
{
  Suite *s = suite_create ("tool-options");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, remove_config, remove_config);
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
  tcase_add_test (tc, test_config);
  tcase_add_test (tc, test_view);
  tcase_add_test (tc, test_kept_answer);
  tcase_add_test (tc, test_played);
  tcase_add_test (tc, test_config_refused);
  tcase_add_test (tc, test_suggestion);
  tcase_add_test (tc, test_completion);
  return s;
}

CHECK_PROGRAM (tool_options)
