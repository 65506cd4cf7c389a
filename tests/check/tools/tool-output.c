/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include "program.h"

#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "ui/output.h"
#include "ui/qr.h"
#include "options/spelling.h"
#include "session/session-nearby.h"

static FILE *out, *err;
static gchar *out_text, *err_text;
static size_t out_size, err_size;

static void
setup (void)
{
  g_setenv ("TERM", "xterm", TRUE);
  out = open_memstream (&out_text, &out_size);
  err = open_memstream (&err_text, &err_size);
}

static void
teardown (void)
{
  fclose (out);
  fclose (err);
  free (out_text);
  free (err_text);
}

static void
say_everything (VmtOutput *output)
{
  JsonObject *event = vmt_event_new ("joined");

  vmt_event_add_string (event, "id", "002");
  vmt_event_add_string (event, "link", NULL);
  vmt_output_event (output, event);
  vmt_output_line (output, VMT_STYLE_GOOD, "Ann is here");
  vmt_output_ticker (output, "00:01");
  vmt_output_warning (output, NULL, "no camera");
  vmt_output_error (output, "WRONG_PIN", "the PIN is wrong");
  fflush (out);
  fflush (err);
}

GST_START_TEST (test_json)
{
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, TRUE);

  say_everything (output);
  fail_unless_equals_string (out_text,
      "{\"event\":\"joined\",\"id\":\"002\"}\n"
      "{\"event\":\"warning\",\"message\":\"no camera\"}\n"
      "{\"event\":\"error\",\"code\":\"WRONG_PIN\","
      "\"message\":\"the PIN is wrong\"}\n");
  fail_unless_equals_string (err_text, "videomeet: error: the PIN is wrong\n");
}

GST_END_TEST;

GST_START_TEST (test_numbers)
{
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, TRUE);
  JsonObject *event = vmt_event_new ("n");

  json_object_set_double_member (event, "a", 0.715);
  json_object_set_double_member (event, "b", -1.1);
  json_object_set_double_member (event, "c", 20);
  json_object_set_double_member (event, "d", 0.1 + 0.2);
  json_object_set_int_member (event, "e", G_MAXINT64);
  /* no number */
  vmt_event_add_string (event, "f", "0.71499999999999997 \\\" 1.50");
  vmt_output_event (output, event);
  fflush (out);
  fail_unless_equals_string (out_text,
      "{\"event\":\"n\",\"a\":0.715,\"b\":-1.1,\"c\":20,"
      "\"d\":0.30000000000000004,\"e\":9223372036854775807,"
      "\"f\":\"0.71499999999999997 \\\\\\\" 1.50\"}\n");
}

GST_END_TEST;

GST_START_TEST (test_people_without_a_terminal)
{
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, FALSE);

  say_everything (output);
  fail_unless_equals_string (out_text, "Ann is here\n");
  fail_unless_equals_string (err_text, "videomeet: warning: no camera\n"
                                       "videomeet: error: the PIN is wrong\n");
}

GST_END_TEST;

GST_START_TEST (test_reader_gone)
{
  FILE *full = fopen ("/dev/full", "w");
  g_autoptr (VmtOutput) output = vmt_output_new (full, err, TRUE);

  fail_if (vmt_output_is_broken (output));
  vmt_output_event (output, vmt_event_new ("joined"));
  fail_unless (vmt_output_is_broken (output));
  fclose (full);
}

GST_END_TEST;

/* A pipe that takes no more; its reading end in @reader. */
static FILE *
full_pipe (int *reader)
{
  const gchar filler[4096] = "";
  int ends[2], flags;

  fail_unless (pipe (ends) == 0);
  flags = fcntl (ends[1], F_GETFL);
  fcntl (ends[1], F_SETFL, flags | O_NONBLOCK);
  while (write (ends[1], filler, sizeof filler) > 0)
    continue;
  fcntl (ends[1], F_SETFL, flags);
  *reader = ends[0];
  return fdopen (ends[1], "w");
}

static void
drain (int reader)
{
  gchar filler[4096];
  int size = 0;

  while (ioctl (reader, FIONREAD, &size) == 0 && size > 0)
    fail_unless (read (reader, filler, sizeof filler) > 0);
}

static void
reads (int reader, const gchar *wanted)
{
  gchar text[256] = "";

  fail_unless (read (reader, text, sizeof text - 1) > 0);
  fail_unless_equals_string (text, wanted);
}

/* Nobody waits for who does not read, and nothing is lost unsaid. */
GST_START_TEST (test_reader_sleeps)
{
  gboolean json = __i__;
  int reader;
  FILE *full = full_pipe (&reader);
  g_autoptr (VmtOutput) output = vmt_output_new (full, full, json);

  vmt_output_set_impatient (output);
  for (guint i = 0; i < 1000; i++) {
    vmt_output_event (output, vmt_event_new ("room"));
    vmt_output_line (output, VMT_STYLE_PLAIN, "room");
  }
  vmt_output_error (output, NULL, "no room");
  fail_if (vmt_output_is_broken (output));
  drain (reader);
  vmt_output_event (output, vmt_event_new ("stopped"));
  vmt_output_line (output, VMT_STYLE_PLAIN, "Stopped");
  reads (reader, json ? "{\"event\":\"lost\",\"lines\":1001}\n"
                        "{\"event\":\"stopped\"}\n"
                      : "(1000 lines were not read)\nStopped\n");
  vmt_output_event (output, vmt_event_new ("stopped"));
  vmt_output_line (output, VMT_STYLE_PLAIN, "Stopped");
  reads (reader, json ? "{\"event\":\"stopped\"}\n" : "Stopped\n");
  g_clear_pointer (&output, vmt_output_free);
  fclose (full);
  close (reader);
}

GST_END_TEST;

GST_START_TEST (test_safe_text)
{
  static const gchar *const cases[][2] = {
    { "Ann Ünsal 😀", "Ann Ünsal 😀" },
    { "a\033[2Jb", "a\xef\xbf\xbd[2Jb" },
    { "a\nb\x7f", "a\xef\xbf\xbd"
                  "b\xef\xbf\xbd" },
    { "a\xe2\x80\xae"
      "b",
        "a\xef\xbf\xbd"
        "b" },
    { "a\xc2\x9b"
      "b",
        "a\xef\xbf\xbd"
        "b" },
    { "a\xff"
      "b",
        "a\xef\xbf\xbd"
        "b" },
    /* another line, nothing to be seen, a tag */
    { "a\xe2\x80\xa8"
      "b",
        "a\xef\xbf\xbd"
        "b" },
    { "Ann\xe2\x80\x8b", "Ann\xef\xbf\xbd" },
    { "Ann\xf3\xa0\x80\xa0", "Ann\xef\xbf\xbd" },
    /* a family is joined */
    { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7" },
    { NULL, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *safe = vmt_text_safe (cases[i][0]);

    fail_unless_equals_string (safe, cases[i][1]);
  }
}

GST_END_TEST;

GST_START_TEST (test_cut_text)
{
  g_autofree gchar *fits = vmt_text_cut ("äöü", 3);
  g_autofree gchar *longer = vmt_text_cut ("äöüß", 3);

  fail_unless_equals_string (fits, "äöü");
  fail_unless_equals_string (longer, "äöü…");
}

GST_END_TEST;

/* The same characters to whoever parses it, and only to them. */
GST_START_TEST (test_json_steers_no_terminal)
{
  static const gchar name[] = "a\033]52;\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\xa0ü";
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, TRUE);
  JsonObject *event = vmt_event_new ("joined");
  g_autoptr (JsonNode) read = NULL;

  vmt_event_add_string (event, name, name);
  vmt_output_event (output, event);
  fail_unless_equals_string (out_text,
      "{\"event\":\"joined\","
      "\"a\\u001b]52;\\u009b\\u202e\\udb40\\udc20ü\":"
      "\"a\\u001b]52;\\u009b\\u202e\\udb40\\udc20ü\"}\n");
  read = json_from_string (out_text, NULL);
  fail_unless_equals_string (
      json_object_get_string_member (json_node_get_object (read), name), name);
}

GST_END_TEST;

GST_START_TEST (test_what_is_said)
{
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, FALSE);
  g_autofree gchar *most = g_strnfill (VMT_SAID_LINES_MAX - 1, '\n');
  g_autofree gchar *flood = g_strnfill (VMT_SAID_LINES_MAX, '\n');
  g_auto (GStrv) lines = NULL;

  vmt_output_said (
      output, VMT_STYLE_PLAIN, "Ann", "one\033\n[09:00] Bob:\ttwo");
  fail_unless_equals_string (out_text, "Ann: one\xef\xbf\xbd\n"
                                       "        [09:00] Bob: two\n");
  fseek (out, 0, SEEK_SET);
  vmt_output_said (output, VMT_STYLE_PLAIN, "Ann", most);
  fail_if (strstr (out_text, "more lines"));
  fseek (out, 0, SEEK_SET);
  vmt_output_said (output, VMT_STYLE_PLAIN, "Ann", flood);
  lines = g_strsplit (out_text, "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), VMT_SAID_LINES_MAX + 2);
  fail_unless_equals_string (
      lines[VMT_SAID_LINES_MAX], "        (1 more lines)");
}

GST_END_TEST;

/* Between words, where it can be. A terminal would break the line itself, and
 * what follows would stand where names do. */
GST_START_TEST (test_said_on_a_terminal)
{
  struct winsize size = { .ws_row = 24, .ws_col = 20 };
  gint ours, theirs;
  FILE *terminal;
  VmtOutput *output;
  const gchar *lines = "Ann: 0123456789abcde\r\n"
                       "        Bob: hi\r\n"
                       "        \xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0 is\r\n"
                       "        here\r\n";
  gchar shown[256] = { 0 };
  gsize n = 0;

  fail_unless (openpty (&ours, &theirs, NULL, NULL, &size) == 0);
  terminal = fdopen (theirs, "w");
  output = vmt_output_new (terminal, err, FALSE);
  vmt_output_said (output, VMT_STYLE_PLAIN, "Ann",
      "0123456789abcdeBob: hi \xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0 is here");
  /* a terminal may hand it out in pieces */
  while (n < strlen (lines)) {
    gssize more = read (ours, shown + n, sizeof shown - 1 - n);

    fail_unless (more > 0);
    n += more;
  }
  fail_unless_equals_string (shown, lines);
  vmt_output_free (output);
  fclose (terminal);
  close (ours);
}

GST_END_TEST;

/* What a terminal of @columns is shown of @text, as one line of the launcher,
 * or as a warning. */
static gchar *
shown_as (gint columns, const gchar *text, VmtStyle style, gboolean warning)
{
  struct winsize size = { .ws_row = 24, .ws_col = columns };
  gchar shown[512] = { 0 };
  gint ours, theirs;
  FILE *terminal;
  VmtOutput *output;
  gsize n = 0;

  fail_unless (openpty (&ours, &theirs, NULL, NULL, &size) == 0);
  terminal = fdopen (theirs, "w");
  output = vmt_output_new (terminal, warning ? terminal : err, FALSE);
  if (warning)
    vmt_output_warning (output, NULL, text);
  else
    vmt_output_line (output, style, "%s", text);
  vmt_output_line (output, VMT_STYLE_PLAIN, "|");
  while (!strstr (shown, "|\r\n")) {
    gssize more = read (ours, shown + n, sizeof shown - 1 - n);

    fail_unless (more > 0);
    n += more;
  }
  strstr (shown, "|\r\n")[0] = '\0';
  vmt_output_free (output);
  fclose (terminal);
  close (ours);
  return g_strdup (shown);
}

static gchar *
shown_as_line (gint columns, const gchar *text, VmtStyle style)
{
  return shown_as (columns, text, style, FALSE);
}

/* Words of warnings and errors are not cut either. */
GST_START_TEST (test_warning_on_a_narrow_terminal)
{
  g_autofree gchar *shown =
      shown_as (40, "There is no command /foo; /help shows those there are.",
          VMT_STYLE_PLAIN, TRUE);

  fail_unless_equals_string (shown,
      "videomeet: warning: There is no command\r\n"
      "        /foo; /help shows those there\r\n"
      "        are.\r\n");
}

GST_END_TEST;

/* The columns of a table stay in a line that has room, and what has none goes
 * on behind a margin; a link is never cut. */
GST_START_TEST (test_lines_on_a_narrow_terminal)
{
  static const struct
  {
    gint columns;
    const gchar *text, *shown;
  } cases[] = {
    { 40, "trusted   LXBL  Ann's laptop", "trusted   LXBL  Ann's laptop\r\n" },
    { 19, "trusted   LXBL  Ann's laptop",
        "trusted   LXBL\r\n        Ann's\r\n        laptop\r\n" },
    { 20, "In a browser:  https://10.0.0.1:8080/?meeting=standup",
        "In a browser:\r\n        https://10.0.0.1:8080/?meeting=standup\r\n" },
    { 5, "one two", "one\r\n  two\r\n" },
    { 9, "\033[1m  0123 \033[0m", "\033[1m  0123 \033[0m\r\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *shown =
        shown_as_line (cases[i].columns, cases[i].text, VMT_STYLE_PLAIN);

    fail_unless_equals_string (shown, cases[i].shown);
  }
}

GST_END_TEST;

GST_START_TEST (test_colours)
{
  g_autofree gchar *coloured = NULL, *none = NULL, *empty = NULL, *dumb = NULL;

  g_unsetenv ("NO_COLOR");
  coloured = shown_as_line (80, "Ann", VMT_STYLE_GOOD);
  g_setenv ("NO_COLOR", "1", TRUE);
  none = shown_as_line (80, "Ann", VMT_STYLE_GOOD);
  g_setenv ("NO_COLOR", "", TRUE);
  empty = shown_as_line (80, "Ann", VMT_STYLE_GOOD);
  g_unsetenv ("NO_COLOR");
  g_setenv ("TERM", "dumb", TRUE);
  dumb = shown_as_line (80, "Ann", VMT_STYLE_GOOD);
  fail_unless_equals_string (coloured, "\033[32mAnn\033[0m\r\n");
  fail_unless_equals_string (none, "Ann\r\n");
  /* https://no-color.org: when not an empty string */
  fail_unless_equals_string (empty, coloured);
  fail_unless_equals_string (dumb, "Ann\r\n");
}

GST_END_TEST;

#define WIDE "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0" /* six columns */

/* What is on its way has the whole line of a terminal, but for its last column;
 * beside what is typed, what that leaves of it, and a fifth at least. */
GST_START_TEST (test_ticker_on_a_terminal)
{
  static const gchar *const cases[][3] = {
    { "0123456789abcdefghijklmnop", "", "0123456789abcdefghi" },
    { WIDE WIDE WIDE WIDE, "", WIDE WIDE WIDE },
    { "0123456789abcdefghijklmnop", "abcdefghijk", "0123 > abcdefghijk" },
    { "0123456789abcdefghijklmnop", "abcdefghijklmn", "012 > bcdefghijklmn" },
    { "01234", "abc", "01234 > abc" },
  };
  struct winsize size = { .ws_row = 24, .ws_col = 20 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    /* first what is typed alone */
    g_autofree gchar *line = g_strconcat (*cases[i][1] ? "\r\033[K > " : "",
        cases[i][1], "\r\033[K", cases[i][2], NULL);
    gchar shown[256] = { 0 };
    gint ours, theirs;
    FILE *terminal;
    VmtOutput *output;
    gsize n = 0;

    fail_unless (openpty (&ours, &theirs, NULL, NULL, &size) == 0);
    terminal = fdopen (theirs, "w");
    output = vmt_output_new (terminal, err, FALSE);
    if (*cases[i][1])
      vmt_output_prompt (output, cases[i][1]);
    vmt_output_ticker (output, cases[i][0]);
    /* a terminal may hand it out in pieces */
    while (n < strlen (line)) {
      gssize more = read (ours, shown + n, sizeof shown - 1 - n);

      fail_unless (more > 0);
      n += more;
    }
    fail_unless_equals_string (shown, line);
    vmt_output_free (output);
    fclose (terminal);
    close (ours);
  }
}

GST_END_TEST;

GST_START_TEST (test_dumb_terminal)
{
  struct winsize size = { .ws_row = 24, .ws_col = 80 };
  gchar shown[64] = { 0 };
  gint ours, theirs;
  FILE *terminal;
  VmtOutput *output;

  fail_unless (openpty (&ours, &theirs, NULL, NULL, &size) == 0);
  terminal = fdopen (theirs, "w");
  g_setenv ("TERM", "dumb", TRUE);
  output = vmt_output_new (terminal, err, FALSE);
  vmt_output_ticker (output, "50 %");
  vmt_output_line (output, VMT_STYLE_GOOD, "done");
  fail_unless (read (ours, shown, sizeof shown - 1) > 0);
  fail_unless_equals_string (shown, "done\r\n");
  vmt_output_free (output);
  fclose (terminal);
  close (ours);
}

GST_END_TEST;

/* The cursor is always in sight, and some of what is behind it. */
GST_START_TEST (test_cursor_on_a_terminal)
{
  static const struct
  {
    const gchar *text;
    gsize cursor;
    const gchar *shown;
  } cases[] = {
    { "hello", 5, "\r\033[K > hello" },
    { "hello", 2, "\r\033[K > hello\033[3D" },
    { "hello", 0, "\r\033[K > hello\033[5D" },
    { WIDE, 3, "\r\033[K > " WIDE "\033[4D" },
    { "0123456789abcdefghijklmnop", 26, "\r\033[K > abcdefghijklmnop" },
    { "0123456789abcdefghijklmnop", 0, "\r\033[K > 0123456789abcdef\033[16D" },
    { "0123456789abcdefghijklmnop", 20, "\r\033[K > 89abcdefghijklmn\033[4D" },
    /* what is pasted does not steer it */
    { "a\342\200\256b", 4, "\r\033[K > a\357\277\275b\033[1D" },
  };
  struct winsize size = { .ws_row = 24, .ws_col = 20 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar shown[256] = { 0 };
    gint ours, theirs;
    FILE *terminal;
    VmtOutput *output;
    gsize n = 0;

    fail_unless (openpty (&ours, &theirs, NULL, NULL, &size) == 0);
    terminal = fdopen (theirs, "w");
    output = vmt_output_new (terminal, err, FALSE);
    vmt_output_edit (output, cases[i].text, cases[i].cursor);
    while (n < strlen (cases[i].shown)) {
      gssize more = read (ours, shown + n, sizeof shown - 1 - n);

      fail_unless (more > 0);
      n += more;
    }
    fail_unless (g_str_equal (shown, cases[i].shown), "%u: %s", i, shown);
    vmt_output_free (output);
    fclose (terminal);
    close (ours);
  }
}

GST_END_TEST;

GST_START_TEST (test_time)
{
  static const struct
  {
    gint64 seconds;
    const gchar *text;
  } cases[] = { { 0, "00:00" }, { 59, "00:59" }, { 3599, "59:59" },
    { 3600, "1:00:00" }, { 360000, "100:00:00" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = vmt_text_time (cases[i].seconds);

    fail_unless_equals_string (text, cases[i].text);
  }
}

GST_END_TEST;

GST_START_TEST (test_members_in_order)
{
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, TRUE);
  g_autoptr (JsonNode) other =
      json_from_string ("{\"event\":\"forged\",\"z\":1,\"a\":[true]}", NULL);
  JsonObject *event = vmt_event_new ("added");

  vmt_event_add_members (event, json_node_get_object (other));
  vmt_output_event (output, event);
  fail_unless_equals_string (
      out_text, "{\"event\":\"added\",\"z\":1,\"a\":[true]}\n");
}

GST_END_TEST;

GST_START_TEST (test_spelling)
{
  static const gchar *const names[] = { "standup", "Weekly", "röntgen", "a",
    NULL };
  static const struct
  {
    const gchar *text, *nearest;
  } cases[] = {
    { "standup", "standup" },
    { "STANDUP", "standup" },
    { "stadnup", "standup" },
    { "standp", "standup" },
    /* of seven letters two may be wrong */
    { "stamdap", "standup" },
    { "stimdap", NULL },
    { "stan", "standup" },
    { "rontgen", "röntgen" },
    { "weakly", "Weekly" },
    { "b", "a" },
    { "quiet", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const gchar *nearest = vmt_spelling_nearest (cases[i].text, names);

    fail_unless (g_strcmp0 (nearest, cases[i].nearest) == 0, "%s: %s",
        cases[i].text, nearest);
  }
}

GST_END_TEST;

static void
add_nearby (GArray *found, const gchar *meeting, const gchar *user)
{
  VmtNearby one = { meeting, user, NULL };

  g_array_append_val (found, one);
}

GST_START_TEST (test_nearby)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (VmtNearby));
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, FALSE);

  vmt_nearby_tell (output, "standp", TRUE, found);
  fail_unless (strstr (out_text, "No meeting can be seen") != NULL);
  fail_unless (strstr (out_text, "PIN") == NULL);
  fseek (out, 0, SEEK_SET);
  add_nearby (found, "weekly", NULL);
  add_nearby (found, "stand\033up", "Ann\n");
  vmt_nearby_tell (output, "standp", FALSE, found);
  fail_unless_equals_string (out_text,
      "No meeting “standp” was found yet. There are:\n"
      "  stand\xef\xbf\xbdup  (Ann\xef\xbf\xbd)\n"
      "  weekly\n"
      "Did you mean “stand\xef\xbf\xbdup”?\n"
      "Still looking; one with a PIN is found only by its PIN: --pin. Ctrl-C "
      "gives up.\n");
  fseek (out, 0, SEEK_SET);
  for (guint i = 2; i <= VMT_NEARBY_MAX; i++)
    add_nearby (found, "another", NULL);
  vmt_nearby_tell (output, "standp", FALSE, found);
  fail_unless (strstr (out_text, "  and 1 more\n") != NULL);
  fseek (out, 0, SEEK_SET);
  g_array_remove_index (found, 0);
  vmt_nearby_tell (output, "standp", FALSE, found);
  fail_unless (strstr (out_text, " more\n") == NULL);
  fseek (out, 0, SEEK_SET);
  /* it is there, and joining takes its time */
  vmt_nearby_tell (output, "weekly", FALSE, found);
  fflush (out);
  fail_unless_equals_int (ftell (out), 0);
}

GST_END_TEST;

static void
add_device (GArray *found, const gchar *user, const gchar *device)
{
  VmtNearbyDevice one = { user, device, device };

  g_array_append_val (found, one);
}

GST_START_TEST (test_nearby_devices)
{
  g_autoptr (GArray) found =
      g_array_new (FALSE, FALSE, sizeof (VmtNearbyDevice));
  g_autoptr (VmtOutput) output = vmt_output_new (out, err, FALSE);

  vmt_nearby_tell_devices (output, "Bbo", found);
  fail_unless (strstr (out_text, "No device can be seen") != NULL);
  fseek (out, 0, SEEK_SET);
  add_device (found, "Carl", "carl-desk");
  add_device (found, "Bob\033", "bob-laptop");
  add_device (found, "", "Attic");
  add_device (found, "Bob\033", "bob-laptop");
  vmt_nearby_tell_devices (output, "carldesk", found);
  fail_unless_equals_string (out_text,
      "No device “carldesk” was found yet. There are:\n"
      "  Attic\n"
      "  Bob\xef\xbf\xbd  (bob-laptop)\n"
      "  Carl  (carl-desk)\n"
      "Did you mean “carl-desk”?\n"
      "Still looking. Ctrl-C gives up.\n");
}

GST_END_TEST;

/* The finder patterns stand in three corners, inside the quiet zone. */
GST_START_TEST (test_qr)
{
  g_autofree gchar *plain =
      vmt_qr_to_text ("https://192.168.1.100:8080/?meeting=standup", FALSE);
  g_autofree gchar *ansi =
      vmt_qr_to_text ("https://192.168.1.100:8080/?meeting=standup", TRUE);
  g_auto (GStrv) lines = g_strsplit (plain, "\n", -1);
  g_autofree gchar *long_text = g_strnfill (4000, 'x');
  glong width = g_utf8_strlen (lines[0], -1);
  guint height = g_strv_length (lines) - 1;

  /* version 3, 29 modules, and two quiet zones of four */
  fail_unless_equals_int (width, 37);
  fail_unless_equals_int (height, 19);
  for (guint y = 0; y < height; y++)
    fail_unless_equals_int (g_utf8_strlen (lines[y], -1), width);
  fail_unless (g_str_has_prefix (lines[0], "████"));
  fail_unless (g_str_has_prefix (lines[2], "████ ▄▄▄▄▄ █"));
  fail_unless (g_str_has_prefix (ansi, "\033["));
  fail_unless (g_str_has_suffix (ansi, "\033[0m\n"));
  fail_unless (vmt_qr_to_text (long_text, FALSE) == NULL);
}

GST_END_TEST;

static Suite *
tool_output_suite (void)
{
  Suite *s = suite_create ("tool-output");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_json);
  tcase_add_test (tc, test_numbers);
  tcase_add_test (tc, test_people_without_a_terminal);
  tcase_add_test (tc, test_reader_gone);
  tcase_add_loop_test (tc, test_reader_sleeps, 0, 2);
  tcase_add_test (tc, test_safe_text);
  tcase_add_test (tc, test_cut_text);
  tcase_add_test (tc, test_json_steers_no_terminal);
  tcase_add_test (tc, test_what_is_said);
  tcase_add_test (tc, test_said_on_a_terminal);
  tcase_add_test (tc, test_ticker_on_a_terminal);
  tcase_add_test (tc, test_dumb_terminal);
  tcase_add_test (tc, test_cursor_on_a_terminal);
  tcase_add_test (tc, test_lines_on_a_narrow_terminal);
  tcase_add_test (tc, test_warning_on_a_narrow_terminal);
  tcase_add_test (tc, test_colours);
  tcase_add_test (tc, test_spelling);
  tcase_add_test (tc, test_nearby);
  tcase_add_test (tc, test_nearby_devices);
  tcase_add_test (tc, test_time);
  tcase_add_test (tc, test_members_in_order);
  tcase_add_test (tc, test_qr);
  return s;
}

CHECK_PROGRAM (tool_output)
