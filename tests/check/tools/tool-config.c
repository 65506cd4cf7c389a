/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ~/.config/videomeet/config: defaults of the options. */

#include "program.h"

#include "options/options-config.h"
#include "tools/optionline.h"

#include <glib/gstdio.h>
#include <string.h>

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
  fail_unless (options_parse (&host, "host") == NULL);
  fail_unless_equals_string (host.user, "Ann");
  fail_unless_equals_string (host.meeting, "standup");
  fail_unless_equals_string (host.turn[1], "turn://c:d@192.0.2.2");
  fail_unless_equals_int (host.port, 9000);
  fail_unless (host.view && !host.audio_only);
  fail_unless (
      options_parse (&other, "host -u Bob --port=9001 --meeting x --turn "
                             "turn://e:f@192.0.2.3")
      == NULL);
  fail_unless_equals_string (other.user, "Bob");
  fail_unless_equals_string (other.meeting, "x");
  fail_unless_equals_int (other.port, 9001);
  fail_unless_equals_int (g_strv_length (other.turn), 1);
  /* what the same word means elsewhere has no default */
  fail_unless (options_parse (&join, "join other") == NULL);
  fail_unless_equals_string (join.target, "other");
  fail_unless (options_parse (&send, "send a Ann") == NULL);
  fail_unless_equals_int (send.max_active, 3);
  fail_unless (send.server == NULL);
  fail_unless (options_parse (&sync, "sync here Ann:x") == NULL);
  fail_unless_equals_string (sync.server, "https://h:1");
  options_taken ("status x");
  options_taken ("server");
  fail_unless (options_parse (&none, "host --no-config") == NULL);
  fail_unless (none.user == NULL && !none.view);
  remove_config ();
  options_taken ("host");
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
    fail_unless (options_parse (&options, cases[i].line) == NULL, "%u", i);
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

  fail_unless (options_parse (&none, "host --no-play") == NULL && none.no_play);
  options_refused ("host --no-play --speaker x", "--no-play");
  options_taken ("host --speaker x");
  /* the page plays them */
  fail_unless (options_parse (&page, "host --browser") == NULL && page.no_play);
  fail_unless (options_parse (&both, "host --browser --source test") == NULL
               && !both.no_play);
  /* what is typed counts before the file */
  write_config ("[videomeet]\nspeaker=x\n", 0600);
  fail_unless (options_parse (&typed, "host --no-play") == NULL);
  fail_unless (typed.no_play && !typed.speaker);
  remove_config ();
}

GST_END_TEST;

/* A default that is of no use with the command line is passed over; on the
 * command line it is an error. */
GST_START_TEST (test_config_of_no_use)
{
  g_auto (VmtOptions) host = { 0 };
  g_auto (VmtOptions) screen = { 0 };
  g_auto (VmtOptions) receive = { 0 };
  static const struct
  {
    const gchar *key, *value, *line;
    const gchar *without; /* where it is of use; or NULL */
  } cases[] = {
    { "camera", "x", "host --source screen", "host" },
    { "camera", "x", "host --audio-only", "host" },
    { "size", "640x360@15", "host --source test", "host" },
    { "microphone", "x", "host --source test", "host --source screen" },
    { "region", "0,0,64,64", "host", "host --source screen" },
    { "accept", "auto", "host", "host --files d" },
    { "overwrite", "never", "join a", "join a --files d" },
    { "max-size", "2G", "host", "host --files d" },
    { "quota", "10G", "host", "receive d" },
    { "accept", "never", "answer --server wss://h", "receive d" },
    { "approve", "never", "trust list", "host" },
    { "max-active", "2", "send a Ann --meeting m", "send a Ann" },
    { "priority", "*.pdf=1", "send a Ann --meeting m", "send a Ann" },
    { "max-bitrate", "8M", "send a Ann --server https://h:1 --room r",
        "send a Ann" },
    { "pin", "246810", "send a Ann", "send a Ann --meeting m" },
    { "stun-address", "192.0.2.1:3478", "send a Ann", NULL },
    { "control", "true", "term share --server https://h:1 --room r",
        "term view x --server https://h:1 --room r" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gboolean flag = g_str_equal (cases[i].value, "true");
    g_autofree gchar *text =
        g_strdup_printf ("[videomeet]\n%s=%s\n", cases[i].key, cases[i].value);
    g_autofree gchar *same = g_strdup_printf ("%s --%s%s%s", cases[i].line,
        cases[i].key, flag ? "" : "=", flag ? "" : cases[i].value);
    g_autofree gchar *option = g_strconcat ("--", cases[i].key, NULL);

    write_config (text, 0600);
    options_taken (cases[i].line);
    if (cases[i].without)
      options_taken (cases[i].without);
    options_refused (same, option);
  }
  /* elsewhere it counts */
  write_config ("[videomeet]\ncamera=x\nquota=10G\n", 0600);
  fail_unless (options_parse (&host, "host") == NULL);
  fail_unless_equals_string (host.camera, "x");
  fail_unless_equals_uint64 (host.quota, 0);
  fail_unless (options_parse (&screen, "host --source screen") == NULL);
  fail_unless (screen.camera == NULL);
  fail_unless (options_parse (&receive, "receive d") == NULL);
  fail_unless_equals_uint64 (receive.quota, G_GUINT64_CONSTANT (10000000000));
  remove_config ();
}

GST_END_TEST;

/* A shell has the PIN for all commands. */
GST_START_TEST (test_pin_of_no_use)
{
  g_auto (VmtOptions) plain = { 0 };
  g_auto (VmtOptions) meeting = { 0 };

  g_setenv ("VIDEOMEET_PIN", "246810", TRUE);
  fail_unless (options_parse (&plain, "send a Ann") == NULL);
  fail_unless (plain.pin == NULL);
  g_setenv ("VIDEOMEET_PIN", "246810", TRUE);
  fail_unless (options_parse (&meeting, "send a Ann --meeting m") == NULL);
  fail_unless_equals_string (meeting.pin, "246810");
  write_config ("[videomeet]\npin-file=/no/such/file\n", 0600);
  options_taken ("send a Ann");
  options_refused ("send a Ann --meeting m", "No such file");
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
    options_refused ("host", bad[i][1]);
    options_taken ("host --no-config");
  }
  write_config (most, 0600);
  options_taken ("host");
  write_config (more, 0600);
  options_refused ("host", "cannot be read");
  /* others can read the PIN, or write what is done */
  write_config ("[videomeet]\nuser=Ann\n", 0644);
  options_taken ("host");
  write_config ("[videomeet]\npin=123456\n", 0644);
  options_refused ("host", "cannot be read");
  write_config ("[videomeet]\nsource=rtsp://ann:b@192.0.2.1/\n", 0644);
  options_refused ("host", "cannot be read");
  write_config ("[videomeet]\nsource=stamp:160x90@10\n", 0644);
  options_taken ("host");
  write_config ("[videomeet]\nuser=Ann\n", 0666);
  options_refused ("host", "cannot be read");
  /* of a PIN and its file one is meant */
  write_config ("[videomeet]\npin-file=/no/such/file\n", 0600);
  fail_unless (options_parse (&file, "host --pin 123456") == NULL);
  fail_unless_equals_string (file.pin, "123456");
  options_refused ("host", "No such file");
  remove_config ();
}

GST_END_TEST;

static Suite *
tool_config_suite (void)
{
  Suite *s = suite_create ("tool-config");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, remove_config, remove_config);
  tcase_add_test (tc, test_config);
  tcase_add_test (tc, test_view);
  tcase_add_test (tc, test_kept_answer);
  tcase_add_test (tc, test_played);
  tcase_add_test (tc, test_config_of_no_use);
  tcase_add_test (tc, test_pin_of_no_use);
  tcase_add_test (tc, test_config_refused);
  return s;
}

CHECK_PROGRAM (tool_config)
