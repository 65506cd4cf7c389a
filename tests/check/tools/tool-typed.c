/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is typed during a meeting, and who is meant. */

#include "program.h"

#include <gst/videomeet/videomeet.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>
#include "session/roster.h"
#include "typed/paste.h"

static void
check (const gchar *line, VmtTypedVerb verb, const gchar *who,
    const gchar *text, gboolean audio, gboolean video)
{
  g_auto (VmtTyped) typed = { 0 };
  g_autoptr (GError) error = NULL;

  fail_unless (vmt_typed_parse (&typed, line, &error), "%s: %s", line,
      error ? error->message : "");
  fail_unless (typed.verb == verb, "%s: %d", line, typed.verb);
  fail_unless (g_strcmp0 (typed.who, who) == 0, "%s: %s", line, typed.who);
  fail_unless (g_strcmp0 (typed.text, text) == 0, "%s: %s", line, typed.text);
  fail_unless (typed.audio == audio && typed.video == video, "%s", line);
}

GST_START_TEST (test_chat)
{
  check ("", VMT_TYPED_NOTHING, NULL, NULL, FALSE, FALSE);
  check (" \t\r", VMT_TYPED_NOTHING, NULL, NULL, FALSE, FALSE);
  check ("hello, all\r", VMT_TYPED_CHAT, NULL, "hello, all", FALSE, FALSE);
  check ("  indented", VMT_TYPED_CHAT, NULL, "  indented", FALSE, FALSE);
  check ("1/2", VMT_TYPED_CHAT, NULL, "1/2", FALSE, FALSE);
  check ("//end", VMT_TYPED_CHAT, NULL, "/end", FALSE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_commands)
{
  check ("/mute", VMT_TYPED_MUTE, NULL, NULL, TRUE, FALSE);
  check ("/mute video", VMT_TYPED_MUTE, NULL, NULL, FALSE, TRUE);
  check ("/MUTE audio ", VMT_TYPED_MUTE, NULL, NULL, TRUE, FALSE);
  check ("/mute Bob", VMT_TYPED_MUTE, "Bob", NULL, TRUE, FALSE);
  check ("/mute Bob Ray video", VMT_TYPED_MUTE, "Bob Ray", NULL, FALSE, TRUE);
  check ("/mute Myvideo", VMT_TYPED_MUTE, "Myvideo", NULL, TRUE, FALSE);
  check ("/unmute video", VMT_TYPED_UNMUTE, NULL, NULL, FALSE, TRUE);
  check ("/unmute", VMT_TYPED_UNMUTE, NULL, NULL, TRUE, FALSE);
  check ("/hand", VMT_TYPED_HAND, NULL, NULL, FALSE, FALSE);
  check (
      "/status at  lunch", VMT_TYPED_STATUS, NULL, "at  lunch", FALSE, FALSE);
  check ("/status", VMT_TYPED_STATUS, NULL, "", FALSE, FALSE);
  check ("/kick Bob Ray", VMT_TYPED_KICK, "Bob Ray", NULL, FALSE, FALSE);
  check ("/kick \"Bob Ray\" ", VMT_TYPED_KICK, "Bob Ray", NULL, FALSE, FALSE);
  check ("/unban 'Bob Ray'", VMT_TYPED_UNBAN, "Bob Ray", NULL, FALSE, FALSE);
  check (
      "/mute \"Bob Ray\" video", VMT_TYPED_MUTE, "Bob Ray", NULL, FALSE, TRUE);
  check ("/kick Ann's box", VMT_TYPED_KICK, "Ann's box", NULL, FALSE, FALSE);
  check ("/react \360\237\221\215", VMT_TYPED_REACT, NULL, "\360\237\221\215",
      FALSE, FALSE);
  check ("/forget 'Bob Ray'", VMT_TYPED_FORGET, NULL, "Bob Ray", FALSE, FALSE);
  check ("/pin 123456", VMT_TYPED_PIN, NULL, "123456", FALSE, FALSE);
  check ("/unban Bob Ray", VMT_TYPED_UNBAN, "Bob Ray", NULL, FALSE, FALSE);
  check (
      "/msg Bob over there", VMT_TYPED_MSG, "Bob", "over there", FALSE, FALSE);
  check ("/msg \"Bob Ray\" hi", VMT_TYPED_MSG, "Bob Ray", "hi", FALSE, FALSE);
  check ("/lock", VMT_TYPED_LOCK, NULL, NULL, FALSE, FALSE);
  check ("/invite", VMT_TYPED_INVITE, NULL, NULL, FALSE, FALSE);
  check ("/page", VMT_TYPED_PAGE, NULL, NULL, FALSE, FALSE);
  check ("/unlock", VMT_TYPED_UNLOCK, NULL, NULL, FALSE, FALSE);
  check ("/talk", VMT_TYPED_TALK, NULL, NULL, FALSE, FALSE);
  check ("/stats", VMT_TYPED_STATS, NULL, NULL, FALSE, FALSE);
  check ("/who", VMT_TYPED_WHO, NULL, NULL, FALSE, FALSE);
  check ("/leave", VMT_TYPED_LEAVE, NULL, NULL, FALSE, FALSE);
  check ("/end", VMT_TYPED_END, NULL, NULL, FALSE, FALSE);
  check ("/help", VMT_TYPED_HELP, NULL, NULL, FALSE, FALSE);
}

GST_END_TEST;

static void
check_screen (const gchar *line, VmtTypedVerb verb, const gchar *text,
    const gchar *region, gboolean sound)
{
  g_auto (VmtTyped) typed = { 0 };
  g_autoptr (GError) error = NULL;

  fail_unless (vmt_typed_parse (&typed, line, &error), "%s", line);
  fail_unless_equals_int (typed.verb, verb);
  fail_unless_equals_string (typed.text, text);
  fail_unless (
      g_strcmp0 (typed.region, region) == 0, "%s: %s", line, typed.region);
  fail_unless (typed.sound == sound, "%s", line);
  fail_unless (typed.who == NULL);
}

static void
check_source (const gchar *line, VmtTypedVerb verb, const gchar *text,
    const gchar *region)
{
  check_screen (line, verb, text, region, FALSE);
}

GST_START_TEST (test_sources)
{
  check_source ("/source", VMT_TYPED_SOURCE, "", NULL);
  check_source ("/source camera ", VMT_TYPED_SOURCE, "camera", NULL);
  check_source ("/source a film.mp4", VMT_TYPED_SOURCE, "a film.mp4", NULL);
  check_source (
      "/source 'a \"film\".mp4'", VMT_TYPED_SOURCE, "a \"film\".mp4", NULL);
  check_source ("/source screen --region 0,0,64,48", VMT_TYPED_SOURCE, "screen",
      "0,0,64,48");
  check_source ("/share", VMT_TYPED_SHARE, "", NULL);
  check_source ("/SHARE off", VMT_TYPED_SHARE, "off", NULL);
  check_source (
      "/share --region=1,2,30,40 ", VMT_TYPED_SHARE, "screen", "1,2,30,40");
  check_source ("/share x--region 1,2,30,40", VMT_TYPED_SHARE,
      "x--region 1,2,30,40", NULL);
  check_source (
      "/share \"a --region b\"", VMT_TYPED_SHARE, "a --region b", NULL);
  check_screen ("/share --screen-sound", VMT_TYPED_SHARE, "screen", NULL, TRUE);
  check_screen ("/share screen --region 1,2,30,40 --screen-sound ",
      VMT_TYPED_SHARE, "screen", "1,2,30,40", TRUE);
  check_screen ("/source --screen-sound --region=1,2,30,40", VMT_TYPED_SOURCE,
      "screen", "1,2,30,40", TRUE);
  check_screen (
      "/source screen --screen-sound", VMT_TYPED_SOURCE, "screen", NULL, TRUE);
  check_source (
      "/share x--screen-sound", VMT_TYPED_SHARE, "x--screen-sound", NULL);
  check_source (
      "/share \"a --screen-sound\"", VMT_TYPED_SHARE, "a --screen-sound", NULL);
  check ("/trust", VMT_TYPED_TRUST, NULL, "", FALSE, FALSE);
  check ("/trust Bob Ray", VMT_TYPED_TRUST, NULL, "Bob Ray", FALSE, FALSE);
  check (
      "/compare \"Bob Ray\"", VMT_TYPED_COMPARE, "Bob Ray", NULL, FALSE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_time_of_an_invitation)
{
  static const struct
  {
    const gchar *line;
    guint seconds;
  } good[] = { { "/invite", 0 }, { "/invite 1s", 1 }, { "/invite 10m", 600 },
    { "/invite 1440m", VMT_INVITATION_MAX }, { "/invite 24h ", 24 * 3600 } };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_auto (VmtTyped) typed = { 0 };

    fail_unless (vmt_typed_parse (&typed, good[i].line, NULL));
    fail_unless_equals_int (typed.verb, VMT_TYPED_INVITE);
    fail_unless_equals_int (typed.seconds, good[i].seconds);
  }
}

GST_END_TEST;

static void
check_number (const gchar *line, VmtTypedVerb verb, guint number)
{
  g_auto (VmtTyped) typed = { 0 };

  fail_unless (vmt_typed_parse (&typed, line, NULL), "%s", line);
  fail_unless_equals_int (typed.verb, verb);
  fail_unless_equals_int (typed.number, number);
}

GST_START_TEST (test_files)
{
  check ("/send a.iso", VMT_TYPED_SEND, NULL, "a.iso", FALSE, FALSE);
  check ("/send a.iso  ", VMT_TYPED_SEND, NULL, "a.iso", FALSE, FALSE);
  check (
      "/send a.iso Bob Ray", VMT_TYPED_SEND, "Bob Ray", "a.iso", FALSE, FALSE);
  check ("/send \"my a.iso\" Bob", VMT_TYPED_SEND, "Bob", "my a.iso", FALSE,
      FALSE);
  check ("/send 'my a.iso' \"Bob Ray\"", VMT_TYPED_SEND, "Bob Ray", "my a.iso",
      FALSE, FALSE);
  check ("/send 'a b'", VMT_TYPED_SEND, NULL, "a b", FALSE, FALSE);
  check ("/files", VMT_TYPED_FILES, NULL, NULL, FALSE, FALSE);
  check_number ("/accept", VMT_TYPED_ACCEPT, 0);
  check_number ("/accept 1", VMT_TYPED_ACCEPT, 1);
  check_number ("/decline 2 ", VMT_TYPED_DECLINE, 2);
  check_number ("/cancel 999999999", VMT_TYPED_CANCEL, VMT_TYPED_NUMBER_MAX);
  check_number ("/pause 3", VMT_TYPED_PAUSE, 3);
  check_number ("/resume 3", VMT_TYPED_RESUME, 3);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  const gchar *bad[] = { "/", "/dance", "/kick", "/kick  ", "/kick \"Bob",
    "/kick \"Bob\" Ray", "/mute 'Bob Ray", "/send a 'Bob", "/react", "/forget",
    "/unban", "/msg", "/msg Bob", "/msg Bob ", "/msg \"Bob hi", "/msg \"\" hi",
    "/lock now", "/end all", "/hand up", "/unmute Bob", "/invite Bob",
    "/invite 0s", "/invite 86401s", "/invite 1441m", "/invite 25h",
    "/invite -1m", "/invite 10", "/invite 1 m", "/invite 99999999999999999999h",
    "/send", "/send \"a.iso", "/send ''", "/files all", "/accept 0",
    "/accept -1", "/accept all", "/decline 1000000000", "/cancel",
    "/cancel 1 2", "/pause", "/resume x" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_auto (VmtTyped) typed = { 0 };
    g_autoptr (GError) error = NULL;

    fail_if (vmt_typed_parse (&typed, bad[i], &error), "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

static void
check_says (const gchar *line, const gchar *says)
{
  g_auto (VmtTyped) typed = { 0 };
  g_autoptr (GError) error = NULL;

  fail_if (vmt_typed_parse (&typed, line, &error), "%s", line);
  fail_unless (g_str_equal (error->message, says), "%s", error->message);
}

/* The answer to an unknown command names the one that was probably meant. */
GST_START_TEST (test_unknown)
{
  check_says (
      "/dance", "There is no command /dance; /help shows those there are.");
  check_says ("/kikc Bob",
      "There is no command /kikc. Did you mean /kick? /help "
      "shows all.");
  check_says ("/Quit",
      "There is no command /Quit. Did you mean /leave? /help shows all.");
  check_says ("/users",
      "There is no command /users. Did you mean /who? /help shows all.");
  for (const gchar *const *line =
           (const gchar *const[]){ "/name Bob", "/NICK", "/rename Bob", NULL };
       *line; line++)
    check_says (*line,
        "A name stays for as long as one is in the meeting: /leave, and come "
        "again with --user NAME.");
}

GST_END_TEST;

/* Every command is in the help, by the name it has. */
GST_START_TEST (test_help)
{
  const gchar *const *help = vmt_typed_help ();
  guint n = 0;

  for (guint i = 0; help[i]; i++) {
    const gchar *slash = strchr (help[i], '/');
    g_autofree gchar *line = NULL;
    g_auto (VmtTyped) typed = { 0 };

    if (!g_str_has_prefix (help[i], "  /") || slash[1] == '/')
      continue;
    line = g_strndup (slash, strcspn (slash, " ,"));
    n++;
    if (!vmt_typed_parse (&typed, line, NULL))
      fail_unless (strstr (help[i], "WHO") || strstr (help[i], " N ")
                       || strstr (help[i], "SIGN")
                       || strstr (help[i], "DEVICE"),
          "%s", line);
  }
  fail_unless (n >= 11, "%u", n);
}

GST_END_TEST;

static void
on_line (const gchar *line, gpointer user_data)
{
  g_string_append_printf (user_data, "[%s]", line ? line : "(long)");
}

static void
take (VmtLines *lines, const gchar *bytes, GString *got)
{
  vmt_lines_take (lines, bytes, strlen (bytes), on_line, got);
}

GST_START_TEST (test_lines)
{
  VmtLines lines = { NULL };
  g_autoptr (GString) got = g_string_new (NULL);

  take (&lines, "one\ntw", got);
  fail_unless_equals_string (got->str, "[one]");
  take (&lines, "o\n\nbad \xff", got);
  fail_unless_equals_string (got->str, "[one][two][]");
  vmt_lines_end (&lines, on_line, got);
  fail_unless_equals_string (got->str, "[one][two][][bad \357\277\275]");
  vmt_lines_end (&lines, on_line, got);
  fail_unless_equals_string (got->str, "[one][two][][bad \357\277\275]");
}

GST_END_TEST;

/* From somebody who types, and then nothing more. */
GST_START_TEST (test_lines_of_a_file)
{
  VmtLines lines = { NULL };
  g_autoptr (GString) got = g_string_new (NULL);
  gint ends[2];

  fail_unless (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  fail_unless (g_unix_set_fd_nonblocking (ends[0], TRUE, NULL));
  fail_unless (vmt_lines_read (&lines, ends[0], on_line, got));
  fail_unless (write (ends[1], "y\nno", 4) == 4);
  fail_unless (vmt_lines_read (&lines, ends[0], on_line, got));
  fail_unless_equals_string (got->str, "[y]");
  close (ends[1]);
  fail_if (vmt_lines_read (&lines, ends[0], on_line, got));
  fail_unless_equals_string (got->str, "[y][no]");
  close (ends[0]);
}

GST_END_TEST;

GST_START_TEST (test_line_limit)
{
  for (gint over = -1; over <= 1; over++) {
    VmtLines lines = { NULL };
    g_autoptr (GString) got = g_string_new (NULL);
    g_autofree gchar *line = g_strnfill (VMT_TYPED_LINE_MAX + over, 'x');

    take (&lines, line, got);
    take (&lines, "\nnext\n", got);
    fail_unless_equals_int (strstr (got->str, "(long)") != NULL, over > 0);
    fail_unless (g_str_has_suffix (got->str, "[next]"));
    vmt_lines_end (&lines, on_line, got);
  }
}

GST_END_TEST;

static const gchar *
keys_after (const gchar *bytes, GString *got)
{
  static gchar line[64];
  VmtKeys keys = { NULL };

  g_string_truncate (got, 0);
  /* one by one, as they are typed */
  for (const gchar *b = bytes; *b; b++)
    vmt_keys_take (&keys, b, 1, on_line, got);
  g_strlcpy (line, keys.line->str, sizeof line);
  vmt_keys_clear (&keys);
  return line;
}

GST_START_TEST (test_keys)
{
  g_autoptr (GString) got = g_string_new (NULL);

  fail_unless_equals_string (keys_after ("hello", got), "hello");
  fail_unless_equals_string (got->str, "");
  fail_unless_equals_string (keys_after ("hello\rwo", got), "wo");
  fail_unless_equals_string (got->str, "[hello]");
  fail_unless_equals_string (keys_after ("h\xc3\xa4\x7f\x7fx", got), "x");
  fail_unless_equals_string (keys_after ("\x7f\bx", got), "x");
  fail_unless_equals_string (keys_after ("one two \x17", got), "one ");
  fail_unless_equals_string (keys_after ("one\x15two", got), "two");
  /* arrows, Home, and keys with control */
  fail_unless_equals_string (
      keys_after ("a\033[Ab\033OHc\033[1;5Cd\001\004", got), "abcd");
}

GST_END_TEST;

GST_START_TEST (test_keys_limit)
{
  for (gint over = -1; over <= 1; over++) {
    VmtKeys keys = { NULL };
    g_autoptr (GString) got = g_string_new (NULL);
    g_autofree gchar *line = g_strnfill (VMT_TYPED_LINE_MAX + over, 'x');

    vmt_keys_take (&keys, line, strlen (line), on_line, got);
    fail_unless_equals_int (keys.line->len, VMT_TYPED_LINE_MAX + MIN (over, 0));
    /* nothing of it is sent as if it were whole */
    vmt_keys_take (&keys, "\rnext\r", 6, on_line, got);
    fail_unless_equals_int (g_str_has_prefix (got->str, "[(long)]"), over > 0);
    fail_unless (g_str_has_suffix (got->str, "[next]"));
    vmt_keys_clear (&keys);
  }
}

GST_END_TEST;

static void
on_keys (const gchar *bytes, gsize size, gpointer user_data)
{
  g_string_append_len (user_data, bytes, (gssize) size);
}

static void
on_pasted (const gchar *text, gpointer user_data)
{
  g_string_append_printf (user_data, "{%s}", text ? text : "(long)");
}

#define START "\033[200~"
#define END "\033[201~"

GST_START_TEST (test_paste)
{
  static const VmtPasteFuncs funcs = { on_keys, on_pasted };
  /* and, where bytes come one by one, something else */
  static const gchar *const cases[][3] = {
    { "a\r", "a\r", NULL },
    { "a" START "b\n/leave\nc" END "d\r", "a{b\n/leave\nc}d\r", NULL },
    { START "b\r\nc\rd\n\n" END, "{b\nc\nd}", NULL },
    { START "\n" END "\r", "{}\r", NULL },
    { START "\ta\033[31m\001\x7f\xc2\x9b\xff" END, "{\ta[31m\xef\xbf\xbd}",
        NULL },
    { "\033[A\033[20~" END "x", "\033[A\033[20~" END "x", NULL },
    /* what was pasted has an end in it: the terminal's own is the last */
    { START "b" END "\r/leave\r" END "c", "{b\n/leave}c",
        "{b}\r/leave\r" END "c" },
    { START "b" START "c" END "d", "{bc}d", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint one_by_one = 0; one_by_one < 2; one_by_one++) {
      VmtPaste paste = { NULL };
      g_autoptr (GString) got = g_string_new (NULL);
      gsize size = strlen (cases[i][0]), step = one_by_one ? 1 : size;
      const gchar *wanted =
          one_by_one && cases[i][2] ? cases[i][2] : cases[i][1];

      for (gsize at = 0; at < size; at += step)
        vmt_paste_take (&paste, cases[i][0] + at, step, &funcs, got);
      fail_unless_equals_string (got->str, wanted);
      fail_if (paste.open);
      vmt_paste_clear (&paste);
    }
}

GST_END_TEST;

GST_START_TEST (test_paste_limit)
{
  static const VmtPasteFuncs funcs = { on_keys, on_pasted };

  for (gint over = -1; over <= 1; over++)
    for (gsize step = 1; step <= 2 * VMT_PASTE_MAX; step *= 4096) {
      VmtPaste paste = { NULL };
      g_autoptr (GString) got = g_string_new (NULL);
      g_autofree gchar *text = g_strnfill (VMT_PASTE_MAX + over, 'x');
      g_autofree gchar *all = g_strconcat (START, text, END "a", NULL);
      gsize size = strlen (all);

      for (gsize at = 0; at < size; at += step)
        vmt_paste_take (&paste, all + at, MIN (step, size - at), &funcs, got);
      fail_unless (g_str_has_suffix (got->str, "}a"));
      fail_unless_equals_int (
          g_str_has_prefix (got->str, "{(long)}"), over > 0);
      fail_unless_equals_int (paste.bytes->len, 0);
      vmt_paste_clear (&paste);
    }
}

GST_END_TEST;

/* A burst, one after another, and a burst again after a rest. */
GST_START_TEST (test_pace)
{
  const gint64 each = VMT_PACE_MS * 1000;
  VmtPace pace = { 0 };
  gint64 now = 5 * G_TIME_SPAN_SECOND;

  for (guint burst = 0; burst < 2; burst++) {
    for (guint i = 0; i < VMT_PACE_BURST; i++)
      fail_unless (vmt_pace_take (&pace, now), "%u", i);
    fail_if (vmt_pace_take (&pace, now));
    fail_if (vmt_pace_take (&pace, now + each - 1));
    fail_unless (vmt_pace_take (&pace, now + each));
    fail_if (vmt_pace_take (&pace, now + each));
    now += (VMT_PACE_BURST + 1) * each;
  }
}

GST_END_TEST;

GST_START_TEST (test_who)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  const struct
  {
    const gchar *who, *id;
  } cases[] = { { "Bob", "p002" }, { "p002", "p002" }, { "Ann", NULL },
    { "p003", "p003" }, { "p004", "p004" }, { "Gone", NULL }, { "bob", NULL },
    { "", NULL }, { "p009", NULL } };

  vmt_roster_joined (roster, "p002", "Bob", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "p003", "Ann", "box", "AAAA", TRUE);
  vmt_roster_joined (roster, "p004", "Ann", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "p005", "Gone", "box", "AAAA", FALSE);
  /* whoever calls itself by another's id is not that */
  vmt_roster_joined (roster, "p006", "p002", "box", "AAAA", FALSE);
  vmt_roster_left (roster, "p005");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *id =
        vmt_roster_find (roster, cases[i].who, FALSE, &error);

    fail_unless (g_strcmp0 (id, cases[i].id) == 0, "%s: %s", cases[i].who, id);
    if (!cases[i].id)
      g_assert_error (error, VM_ERROR, VM_ERROR_UNROUTABLE);
  }
}

GST_END_TEST;

/* Whoever was removed is there for /unban alone, until it may come again. */
GST_START_TEST (test_who_was_removed)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *here = NULL, *removed = NULL;

  vmt_roster_joined (roster, "p002", "Bob", "box", "AAAA", FALSE);
  fail_if (vmt_roster_find (roster, "Bob", TRUE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_UNROUTABLE);
  vmt_roster_left (roster, "p002");
  vmt_roster_set_removed (roster, "p002", TRUE);
  vmt_roster_joined (roster, "p003", "Bob", "box", "AAAA", FALSE);
  removed = vmt_roster_find (roster, "Bob", TRUE, NULL);
  fail_unless_equals_string (removed, "p002");
  here = vmt_roster_find (roster, "Bob", FALSE, NULL);
  fail_unless_equals_string (here, "p003");
  vmt_roster_set_removed (roster, "p002", FALSE);
  fail_if (vmt_roster_find (roster, "p002", TRUE, NULL));
}

GST_END_TEST;

GST_START_TEST (test_who_lines)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (GPtrArray) lines = NULL;

  vmt_roster_joined (roster, "p001", "An\033n", "box", "AAAA", TRUE);
  vmt_roster_set_state (roster, "p001", "connected");
  vmt_roster_set_hand (roster, "p001", TRUE);
  vmt_roster_set_presence (roster, "p001", "lunch", TRUE, FALSE);
  lines = vmt_roster_to_who (roster);
  fail_unless_equals_int (lines->len, 1);
  fail_unless_equals_string (g_ptr_array_index (lines, 0),
      "p001  An\357\277\275n, host, connected, hand raised, no sound: lunch");
}

GST_END_TEST;

static Suite *
tool_typed_suite (void)
{
  Suite *s = suite_create ("tool-typed");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_chat);
  tcase_add_test (tc, test_commands);
  tcase_add_test (tc, test_sources);
  tcase_add_test (tc, test_time_of_an_invitation);
  tcase_add_test (tc, test_files);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_unknown);
  tcase_add_test (tc, test_help);
  tcase_add_test (tc, test_lines);
  tcase_add_test (tc, test_lines_of_a_file);
  tcase_add_test (tc, test_line_limit);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_keys_limit);
  tcase_add_test (tc, test_paste);
  tcase_add_test (tc, test_paste_limit);
  tcase_add_test (tc, test_pace);
  tcase_add_test (tc, test_who);
  tcase_add_test (tc, test_who_was_removed);
  tcase_add_test (tc, test_who_lines);
  return s;
}

CHECK_PROGRAM (tool_typed)
