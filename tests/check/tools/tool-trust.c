/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What `videomeet trust` reads, asks and shows. */

#include "program.h"

#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>
#include "cmd/commands.h"
#include "ui/digits.h"
#include "session/session-priv.h"
#include "support/fakesignalbin.h"

static gchar *config; /* $XDG_CONFIG_HOME of this program, for all its cases */

GST_START_TEST (test_question)
{
  g_autofree gchar *plain = vmt_digits_question ("Ann", "012345");
  g_autofree gchar *hostile = vmt_digits_question ("A\033[2Jnn", "012345");

  fail_unless_equals_string (
      plain, "012 345: does the screen of “Ann” show the same? [y/n]");
  fail_unless (strchr (hostile, '\033') == NULL, "%s", hostile);
}

GST_END_TEST;

/* A name with digits of its own, and blanks that push the true ones out of
 * sight where lines are broken. */
GST_START_TEST (test_name_is_no_question)
{
  g_autofree gchar *pushes = vmt_digits_question (
      "999 999: yours?\xe3\x80\x80 \xc2\xa0         [y/n]", "012345");
  g_autofree gchar *longest =
      g_strnfill (VMT_ASKER_NAME_MAX, 'x'); /* at the limit: as it is */
  g_autofree gchar *beyond = g_strconcat (longest, "y", NULL);
  g_autofree gchar *kept = vmt_asker_name (longest);
  g_autofree gchar *cut = vmt_asker_name (beyond);

  fail_unless_equals_string (pushes,
      "012 345: does the screen of “999 999: yours? [y/n]” show the same? "
      "[y/n]");
  fail_unless_equals_string (kept, longest);
  fail_unless (g_str_has_prefix (cut, longest) && g_str_has_suffix (cut, "…"));
}

GST_END_TEST;

GST_START_TEST (test_answer)
{
  static const struct
  {
    const gchar *line;
    gboolean taken, yes;
  } cases[] = {
    { "y", TRUE, TRUE },
    { " Yes\r", TRUE, TRUE },
    { "Y ", TRUE, TRUE },
    { "n", TRUE, FALSE },
    { "NO", TRUE, FALSE },
    { "", FALSE, FALSE },
    { "yep", FALSE, FALSE },
    { "nope", FALSE, FALSE },
    { "y n", FALSE, FALSE },
    { "012345", FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gboolean yes = FALSE;

    fail_unless (vmt_answer_parse (cases[i].line, &yes) == cases[i].taken, "%s",
        cases[i].line);
    fail_unless (!cases[i].taken || yes == cases[i].yes, "%s", cases[i].line);
  }
}

GST_END_TEST;

static gboolean
parse (VmtOptions *options, const gchar *line, GError **error)
{
  g_auto (GStrv) argv = NULL;
  g_autofree gchar **view = NULL;
  gchar **rest;
  gint argc;
  VmtCommand command;

  fail_unless (g_shell_parse_argv (line, &argc, &argv, NULL));
  fail_unless (vmt_command_from_string (argv[0], &command));
  rest = view = g_memdup2 (argv, (argc + 1) * sizeof (gchar *));
  return vmt_options_parse (options, command, &argc, &rest, error);
}

GST_START_TEST (test_actions)
{
  static const struct
  {
    const gchar *line;
    VmtTrustAction action;
    const gchar *target;
  } cases[] = {
    { "trust request Ann --approve auto --user Bob", VMT_TRUST_REQUEST, "Ann" },
    { "trust list --json", VMT_TRUST_LIST, NULL },
    { "trust show 'Ann Lee'", VMT_TRUST_SHOW, "Ann Lee" },
    { "trust revoke Ann", VMT_TRUST_REVOKE, "Ann" },
    { "trust export", VMT_TRUST_EXPORT, NULL },
    { "trust export a.pem", VMT_TRUST_EXPORT, "a.pem" },
    { "trust import -", VMT_TRUST_IMPORT, "-" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (VmtOptions) options = { 0 };
    g_autoptr (GError) error = NULL;

    fail_unless (parse (&options, cases[i].line, &error), "%s: %s",
        cases[i].line, error ? error->message : "");
    fail_unless (options.trust == cases[i].action, "%s", cases[i].line);
    fail_unless (
        g_strcmp0 (options.target, cases[i].target) == 0, "%s", cases[i].line);
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const struct
  {
    const gchar *line, *words;
  } cases[] = {
    { "trust", "Say what" },
    { "trust me", "There is no 'videomeet trust me'" },
    { "trust request", "videomeet trust request DEVICE" },
    { "trust request ''", "videomeet trust request DEVICE" },
    { "trust show", "videomeet trust show DEVICE" },
    { "trust revoke", "videomeet trust revoke DEVICE" },
    { "trust import", "videomeet trust import FILE" },
    { "trust list Ann", "no use for 'Ann'" },
    { "trust revoke Ann Bob", "no use for 'Bob'" },
    { "trust request Ann --approve never", "ask or auto" },
    { "trust request Ann --policy open", "policy" },
    { "host --policy closed", "--policy takes open, pin or require" },
    { "host --permissions ''", "--permissions takes" },
    { "trust request Ann --permissions call,fly", "not 'call,fly'" },
    { "join x --approve perhaps", "--approve takes ask, auto or never" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (VmtOptions) options = { 0 };
    g_autoptr (GError) error = NULL;

    fail_if (parse (&options, cases[i].line, &error), "%s", cases[i].line);
    fail_unless (strstr (error->message, cases[i].words), "%s", error->message);
  }
}

GST_END_TEST;

GST_START_TEST (test_policy)
{
  g_auto (VmtOptions) options = { 0 };
  g_auto (VmtOptions) none = { 0 };

  fail_unless (parse (&options, "host --policy require --approve never", NULL));
  fail_unless (options.policy_set && options.policy == VM_POLICY_REQUIRE);
  fail_unless (options.approve_set && options.approve == VM_APPROVE_NEVER);
  fail_unless (parse (&none, "join x", NULL));
  fail_if (none.policy_set || none.approve_set || none.permissions_set);
}

GST_END_TEST;

GST_START_TEST (test_permissions)
{
  static const gchar *const lines[] = {
    "host --permissions call,introducer",
    "join x --permissions call,introducer",
    "trust request Ann --permissions introducer,call",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_auto (VmtOptions) options = { 0 };

    fail_unless (parse (&options, lines[i], NULL), "%s", lines[i]);
    fail_unless (options.permissions_set);
    fail_unless_equals_int (
        options.permissions, VM_PERMISSIONS_CALL | VM_PERMISSIONS_INTRODUCER);
  }
}

GST_END_TEST;

/* What the command says; its exit status is the first line. */
static gchar *
run (const gchar *line)
{
  g_auto (VmtOptions) options = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean json = strstr (line, "--json") != NULL;
  gchar *text;
  size_t size;
  FILE *out = open_memstream (&text, &size);
  VmtOutput *output = vmt_output_new (out, out, json);
  g_autofree gchar *said = NULL;
  gint status;

  fail_unless (parse (&options, line, &error), "%s: %s", line,
      error ? error->message : "");
  status = vmt_cmd_trust (&options, output, 0);
  vmt_output_free (output);
  fclose (out);
  said = g_strdup_printf ("%d\n%s", status, text);
  free (text);
  return g_steal_pointer (&said);
}

static void
says (const gchar *line, gint status, const gchar *words)
{
  g_autofree gchar *said = run (line);
  g_autofree gchar *first = g_strdup_printf ("%d\n", status);

  fail_unless (g_str_has_prefix (said, first), "%s: %s", line, said);
  fail_unless (
      strstr (said, words) != NULL, "%s: no %s in %s", line, words, said);
}

static void
meet (const gchar *user, const gchar *device)
{
  g_autofree gchar *folder = g_build_filename (config, user, NULL);
  g_autoptr (VmIdentity) identity = vm_identity_load (folder, NULL);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  fail_unless (vm_trust_store_pin (store, user, device,
      vm_identity_get_tls_certificate (identity), now, NULL));
}

GST_START_TEST (test_store)
{
  g_autofree gchar *file = g_build_filename (config, "bundle", NULL);
  g_autofree gchar *export = g_strdup_printf ("trust export '%s'", file);
  g_autofree gchar *import = g_strdup_printf ("trust import '%s'", file);
  g_autofree gchar *missing = g_strdup_printf ("trust import '%s.no'", file);
  g_autoptr (VmIdentity) own = vm_identity_load (NULL, NULL);
  GStatBuf st;

  fail_unless (own != NULL);
  says ("trust list", 0, "No other device");
  says ("trust show Ann", 1, "Ann");
  says ("trust revoke Ann", 1, "Ann");
  meet ("Ann", "desk");
  meet ("Bob", "desk");
  says ("trust list", 0, "known ");
  says ("trust list --json", 0, "\"user\":\"Bob\"");
  says ("trust show Ann", 0, "trust       known");
  says ("trust show desk", 1, "2 devices");
  says ("trust show Ann --json", 0, "\"trust\":\"known\"");
  says ("trust revoke Ann", 0, "Trust in Ann's desk is revoked");
  says ("trust show Ann", 0, "trust       revoked");
  says ("trust revoke Bob --json", 0, "\"event\":\"revoked\"");
  /* whatever was there before */
  fail_unless (g_file_set_contents (file, "old", -1, NULL));
  fail_unless (g_chmod (file, 0644) == 0);
  says (export, 0, "Written to");
  fail_unless (g_stat (file, &st) == 0);
  fail_unless_equals_int (st.st_mode & 0777, 0600);
  says (import, 0, "taken over");
  says (missing, 1, "error");
  says ("trust list", 0, "revoked ");
}

GST_END_TEST;

/* The question of a meeting */

typedef struct
{
  VmNode *node; /* its signals come from here, without anybody there */
  FILE *out;
  gchar *text;
  size_t size;
  VmtOutput *output;
  gboolean over;
  VmtSessionTrust *trust;
} Meeting;

static void
meeting_open (Meeting *meeting)
{
  static const VmtOptions options = { 0 };

  /* before another thread makes it: how GLib hands it on is not shown to
   * TSan */
  g_main_context_default ();
  *meeting = (Meeting){ .node = g_object_new (VM_TYPE_NODE, NULL) };
  meeting->out = open_memstream (&meeting->text, &meeting->size);
  meeting->output = vmt_output_new (meeting->out, meeting->out, FALSE);
  meeting->trust = vmt_session_trust_new (meeting->node, &options,
      meeting->output, "standup", &meeting->over, NULL);
}

static void
meeting_close (Meeting *meeting)
{
  vmt_session_trust_free (meeting->trust);
  vmt_output_free (meeting->output);
  fclose (meeting->out);
  free (meeting->text);
  g_object_unref (meeting->node);
}

/* What was posted to the main thread is told. */
static void
take_news (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
fails (Meeting *meeting, const gchar *request_id, VmError code,
    const gchar *message)
{
  g_autoptr (GError) error = g_error_new_literal (VM_ERROR, code, message);

  g_signal_emit_by_name (
      meeting->node, "trust-failed", request_id, "ID", "Bob", error);
  take_news ();
}

static void
fails_with (Meeting *meeting, const gchar *request_id, const gchar *message)
{
  fails (meeting, request_id, VM_ERROR_NOT_TRUSTED, message);
}

/* Only the end of the request that is asked about closes its question. */
GST_START_TEST (test_question_stays_open)
{
  Meeting meeting;

  meeting_open (&meeting);
  g_signal_emit_by_name (
      meeting.node, "trust-requested", "one", "ID", "Bob", "012345");
  take_news ();
  fails_with (&meeting, NULL, "not let in");
  fails_with (&meeting, "two", "another");
  fail_unless (vmt_session_trust_take_line (meeting.trust, "n", 0));
  g_signal_emit_by_name (
      meeting.node, "trust-requested", "one", "ID", "Bob", "012345");
  take_news ();
  fails_with (&meeting, "one", "too late");
  fail_if (vmt_session_trust_take_line (meeting.trust, "y", G_MAXINT64));
  meeting_close (&meeting);
}

GST_END_TEST;

static void
ask (Meeting *meeting, const gchar *request_id)
{
  g_signal_emit_by_name (
      meeting->node, "trust-requested", request_id, "ID", "Bob", "012345");
  take_news ();
}

static guint
count_in (Meeting *meeting, const gchar *words)
{
  guint n = 0;

  fflush (meeting->out);
  for (const gchar *at = meeting->text; (at = strstr (at, words)); at++)
    n++;
  return n;
}

/* A yes to what was asked before, or to somebody in the chat, under which
 * another question has come, is no yes to that; a no needs no time. */
GST_START_TEST (test_question_can_be_read)
{
  Meeting meeting;
  gint64 before = g_get_monotonic_time (), after;

  meeting_open (&meeting);
  ask (&meeting, "one");
  after = g_get_monotonic_time ();
  fail_unless (vmt_session_trust_take_line (
      meeting.trust, "y", before + VMT_LOOK_TIME - 1));
  fail_unless (vmt_session_trust_take_line (meeting.trust, "yes", before));
  vmt_session_trust_answer (meeting.trust, TRUE, before);
  fail_unless_equals_int (count_in (&meeting, "only just come"), 3);
  /* this request is made up, of which the node says so */
  fail_unless_equals_int (count_in (&meeting, "warning"), 0);
  fail_unless (
      vmt_session_trust_take_line (meeting.trust, "y", after + VMT_LOOK_TIME));
  fail_if (vmt_session_trust_take_line (meeting.trust, "y", G_MAXINT64));
  ask (&meeting, "two");
  fail_unless (vmt_session_trust_take_line (meeting.trust, "n", before));
  fail_unless_equals_int (count_in (&meeting, "only just come"), 3);
  meeting_close (&meeting);
}

GST_END_TEST;

static void
on_compared (GstElement *bin, const gchar *id, gboolean same, guint *count)
{
  fail_unless_equals_string (id, "002");
  fail_if (same);
  (*count)++;
}

static void
compared (VmtSession *session, const gchar *event, const gchar *digits)
{
  g_autoptr (GstStructure) s =
      gst_structure_new ("vm-compare", "id", G_TYPE_STRING, "002", "user",
          G_TYPE_STRING, "Bob", "event", G_TYPE_STRING, event, "digits",
          G_TYPE_STRING, digits, "asked", G_TYPE_BOOLEAN, digits != NULL, NULL);

  vmt_session_compare (session, s);
}

static void
show_digits (VmtSession *session)
{
  compared (session, "digits", "678901");
}

static void
on_confirmed (GstElement *bin, const gchar *id, gboolean yes, GString *got)
{
  g_string_append_printf (got, "%s:%d ", id, yes);
}

static void
meets (VmtSession *session, const gchar *id, const gchar *user)
{
  g_autoptr (GstStructure) s = gst_structure_new ("vm-host-unknown",
      "device-id", G_TYPE_STRING, id, "user", G_TYPE_STRING, user, NULL);

  vmt_session_host_unknown (session, s);
}

/* A wrong PIN does not make it another host. */
GST_START_TEST (test_host_is_asked_about_once)
{
  static const VmtOptions options = { 0 };
  g_autoptr (GString) got = g_string_new (NULL);
  Meeting meeting;
  VmtSession session = { .options = &options };

  fake_signal_bin_register ();
  meeting_open (&meeting);
  session.output = meeting.output;
  session.signalbin =
      gst_object_ref_sink (gst_element_factory_make ("vmsignalbin", NULL));
  g_signal_connect (
      session.signalbin, "confirm-host", G_CALLBACK (on_confirmed), got);
  meets (&session, "AAAA", "Ann");
  fail_unless (vmt_session_host_take_line (&session, "y"));
  meets (&session, "AAAA", "Ann");
  fail_if (vmt_session_host_take_line (&session, "y"));
  fail_unless_equals_string (got->str, "AAAA:1 AAAA:1 ");
  fail_unless_equals_int (count_in (&meeting, "show that id"), 1);
  /* one that gives no name */
  meets (&session, "BBBB", NULL);
  fail_unless_equals_int (count_in (&meeting, "met before. Its id is"), 1);
  fail_unless (vmt_session_host_take_line (&session, "n"));
  meets (&session, "BBBB", NULL);
  fail_unless_equals_int (count_in (&meeting, "show that id"), 3);
  vmt_session_host_clear (&session);
  gst_object_unref (session.signalbin);
  meeting_close (&meeting);
}

GST_END_TEST;

/* Digits of two questions: whoever answers has the last ones before their eyes,
 * and is shown the others again. */
GST_START_TEST (test_last_question_is_answered)
{
  static const VmtOptions options = { 0 };
  static const gboolean never = FALSE;
  g_autoptr (VmTrustStore) store = vm_trust_store_new (config);
  g_autoptr (GError) error = NULL;
  Meeting meeting;
  VmtSession session = { .options = &options };
  guint compared_count = 0;

  fake_signal_bin_register ();
  meeting_open (&meeting);
  session.output = meeting.output;
  session.trust = meeting.trust;
  session.changed = vmt_changed_keys_new (store, meeting.output);
  session.roster = vmt_roster_new ();
  session.pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  session.signalbin = gst_element_factory_make ("vmsignalbin", NULL);
  gst_bin_add (GST_BIN (session.pipeline), session.signalbin);
  g_signal_connect (session.signalbin, "compared-digits",
      G_CALLBACK (on_compared), &compared_count);
  session.files = vmt_session_files_new (
      &(VmtSessionFilesPlace){ &options, meeting.output, session.roster,
          session.pipeline, session.signalbin, &never, &never },
      &error);
  g_assert_no_error (error);

  fail_unless (vmt_session_is_free (&session));
  fail_if (vmt_session_take_answer (&session, "n"));
  show_digits (&session);
  ask (&meeting, "one");
  fail_if (vmt_session_is_free (&session));
  fail_unless (vmt_session_take_answer (&session, "n"));
  fail_if (vmt_session_trust_is_asking (meeting.trust));
  fail_unless_equals_int (compared_count, 0);
  fail_unless_equals_int (count_in (&meeting, "678 901"), 2);
  fail_unless (vmt_session_take_answer (&session, "n"));
  fail_unless_equals_int (compared_count, 1);

  ask (&meeting, "two");
  show_digits (&session);
  fail_unless_equals_int (count_in (&meeting, "012 345"), 2);
  fail_unless (vmt_session_take_answer (&session, "n"));
  fail_unless_equals_int (compared_count, 2);
  fail_unless (vmt_session_trust_is_asking (meeting.trust));
  take_news ();
  fail_unless_equals_int (count_in (&meeting, "012 345"), 3);
  fail_if (vmt_session_take_answer (&session, "hello"));
  fail_unless (vmt_session_take_answer (&session, "n"));
  fail_if (vmt_session_take_answer (&session, "n"));
  fail_unless (vmt_session_is_free (&session));

  /* the other user has found that they differ: no y is taken any more */
  show_digits (&session);
  compared (&session, "differs", NULL);
  fail_unless (vmt_session_is_free (&session));
  fail_if (vmt_session_take_answer (&session, "y"));
  fail_unless_equals_int (compared_count, 2);
  fail_unless_equals_int (count_in (&meeting, "has found that the digits"), 1);

  vmt_session_compare_clear (&session);
  vmt_session_files_free (session.files);
  gst_object_unref (session.pipeline);
  vmt_roster_free (session.roster);
  vmt_changed_keys_free (session.changed);
  meeting_close (&meeting);
}

GST_END_TEST;

/* Programs read as fast as they answer. */
GST_START_TEST (test_programs_answer_at_once)
{
  static const VmtOptions json = { .json = TRUE };
  Meeting meeting;

  meeting_open (&meeting);
  vmt_session_trust_free (meeting.trust);
  meeting.trust = vmt_session_trust_new (
      meeting.node, &json, meeting.output, "standup", &meeting.over, NULL);
  ask (&meeting, "one");
  fail_unless (vmt_session_trust_take_line (meeting.trust, "y", 0));
  fail_unless_equals_int (count_in (&meeting, "only just come"), 0);
  fail_if (vmt_session_trust_take_line (meeting.trust, "y", 0));
  meeting_close (&meeting);
}

GST_END_TEST;

/* What is said to be typed can be copied with the rest of its line. */
GST_START_TEST (test_command_is_the_end)
{
  Meeting meeting;

  meeting_open (&meeting);
  fails (&meeting, NULL, VM_ERROR_KEY_CHANGED,
      "another key, forget the old one: videomeet forget OLD-ID");
  fails (&meeting, NULL, VM_ERROR_TIMEOUT, "too late");
  fails_with (&meeting, NULL, "not let in");
  fail_unless_equals_int (
      count_in (&meeting, ": videomeet forget OLD-ID\n"), 1);
  fail_unless_equals_int (
      count_in (&meeting, "Bob was refused: too late.\n"), 1);
  fail_unless_equals_int (
      count_in (&meeting, "Bob was refused: not let in. Who is"), 1);
  meeting_close (&meeting);
}

GST_END_TEST;

/* Nothing that others have written moves the cursor. */
GST_START_TEST (test_words_of_others_are_safe)
{
  Meeting meeting;
  g_autofree gchar *advice = NULL;

  meeting_open (&meeting);
  fails_with (&meeting, NULL,
      "gone\033[2J\xc2\x9b"
      "1A");
  advice = vmt_session_trust_advise (
      meeting.trust, "gone\033[2J", "videomeet://10.0.0.1/x");
  fflush (meeting.out);
  fail_unless (strstr (meeting.text, "gone") != NULL, "%s", meeting.text);
  fail_if (strchr (meeting.text, '\033') || strstr (meeting.text, "\xc2\x9b"));
  fail_if (strchr (advice, '\033'), "%s", advice);
  meeting_close (&meeting);
}

GST_END_TEST;

static void
remove_all (const gchar *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *inside = g_build_filename (path, name, NULL);

    remove_all (inside);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_remove (path);
}

static void
setup (void)
{
  /* before anything asks GLib, which remembers the answer */
  config = g_dir_make_tmp ("vm-trust-XXXXXX", NULL);
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
}

static void
teardown (void)
{
  remove_all (config);
  g_clear_pointer (&config, g_free);
}

/* A key of its own, in a folder of its own. */
static VmIdentity *
identity_at (const gchar *name)
{
  g_autofree gchar *folder = g_build_filename (config, name, NULL);
  g_autoptr (GError) error = NULL;
  VmIdentity *identity = vm_identity_load (folder, &error);

  g_assert_no_error (error);
  return identity;
}

/* The refusal of Bob, who has another key than before. */
static GError *
refuse_bob (VmTrustStore *store, VmIdentity *before, VmIdentity *after)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) none = NULL;
  GError *error = NULL;

  fail_unless (vm_trust_store_pin (store, "Bob Ray", "box",
      vm_identity_get_tls_certificate (before), now, &none));
  fail_if (vm_trust_store_pin (store, "Bob Ray", "box",
      vm_identity_get_tls_certificate (after), now, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
  return error;
}

/* /trust accepts a device that was refused because its key changed. */
GST_START_TEST (test_changed_key)
{
  g_autofree gchar *folder = g_build_filename (config, "changed", NULL);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (folder);
  g_autoptr (VmIdentity) before = identity_at ("bob1"),
                         after = identity_at ("bob2");
  const gchar *old_id = vm_identity_get_device_id (before);
  const gchar *new_id = vm_identity_get_device_id (after);
  g_autoptr (GError) refused = refuse_bob (store, before, after);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *was = NULL, *is = NULL, *other = NULL, *none = NULL;
  char *text;
  size_t size;
  FILE *out = open_memstream (&text, &size);
  VmtOutput *output = vmt_output_new (out, out, FALSE);
  VmtChangedKeys *changed = vmt_changed_keys_new (store, output);
  g_autoptr (GPtrArray) names = NULL;
  gboolean met;

  fail_unless (vmt_changed_key_parse (refused->message, &was, &is));
  fail_unless_equals_string (was, old_id);
  fail_unless_equals_string (is, new_id);
  fail_if (vmt_changed_key_parse ("videomeet forget Bob", &other, &none));

  /* a stranger, and one whose key has not changed */
  vmt_changed_keys_ask (changed, "Bob Ray", FALSE);
  fflush (out);
  fail_unless (strstr (text, "No device of “Bob Ray” was refused"), "%s", text);
  vmt_changed_keys_ask (changed, "Ann", TRUE);
  fflush (out);
  fail_unless (strstr (text, "“Ann” was let in"), "%s", text);
  vmt_changed_keys_note (changed, refused->message, TRUE);
  names = vmt_changed_keys_list (changed);
  fail_unless_equals_int (names->len, 1);
  fail_unless_equals_string (names->pdata[0], "Bob Ray");
  fflush (out);
  fail_unless (strstr (text, "/trust \"Bob Ray\""), "%s", text);
  fail_if (vmt_changed_keys_take_line (changed, "y", &met));

  vmt_changed_keys_ask (changed, "bob ray", FALSE);
  fflush (out);
  fail_unless (strstr (text, old_id) && strstr (text, new_id), "%s", text);
  fail_unless (vmt_changed_keys_take_line (changed, "n", &met) && !met);
  fail_if (vm_trust_store_pin (store, "Bob Ray", "box",
      vm_identity_get_tls_certificate (after), now, NULL));
  /* the next line is the answer, or none is */
  vmt_changed_keys_ask (changed, new_id, FALSE);
  fail_if (vmt_changed_keys_take_line (changed, "hello", &met));
  fail_if (vmt_changed_keys_take_line (changed, "y", &met));
  vmt_changed_keys_ask (changed, new_id, FALSE);
  vmt_changed_keys_put_off (changed);
  fflush (out);
  fail_unless (strstr (text, "type /trust \"Bob Ray\" again"), "%s", text);
  fail_if (vmt_changed_keys_take_line (changed, "y", &met));

  vmt_changed_keys_ask (changed, new_id, FALSE);
  fail_unless (vmt_changed_keys_take_line (changed, "y", &met) && met);
  fail_unless (vm_trust_store_pin (store, "Bob Ray", "box",
      vm_identity_get_tls_certificate (after), now, NULL));
  vmt_changed_keys_ask (changed, "Bob Ray", TRUE);
  fflush (out);
  fail_unless (strstr (text, "is accepted already"), "%s", text);
  fail_if (vmt_changed_keys_take_line (changed, "y", &met));
  /* a third one is told of, and another device of the same user is none */
  vmt_changed_keys_check (changed, "Bob Ray", "box", new_id);
  vmt_changed_keys_check (changed, "Bob Ray", "phone", old_id);
  fflush (out);
  fail_if (strstr (text, "not the one that you have compared"), "%s", text);
  vmt_changed_keys_check (changed, "Bob Ray", "box", old_id);
  fflush (out);
  fail_unless (strstr (text, "not the one that you have compared"), "%s", text);
  vmt_changed_keys_free (changed);
  vmt_output_free (output);
  fclose (out);
  free (text);
}

GST_END_TEST;

/* The earliest makes room. */
GST_START_TEST (test_changed_keys_limit)
{
  g_autofree gchar *folder = g_build_filename (config, "many", NULL);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (folder);
  g_autoptr (VmIdentity) bob = identity_at ("bob1");
  FILE *out = tmpfile ();
  VmtOutput *output = vmt_output_new (out, out, FALSE);
  VmtChangedKeys *changed = vmt_changed_keys_new (store, output);

  for (guint i = 0; i <= VMT_CHANGED_MAX; i++) {
    g_autofree gchar *name = g_strdup_printf ("one%u", i);
    g_autoptr (VmIdentity) one = identity_at (name);
    const gchar *old_id = vm_identity_get_device_id (one);
    g_autofree gchar *message =
        g_strdup_printf ("X has another key. It was %s and now is %s. If you "
                         "know why: videomeet forget %s",
            old_id, vm_identity_get_device_id (bob), old_id);
    g_autoptr (GPtrArray) names = NULL;

    vmt_changed_keys_note (changed, message, FALSE);
    names = vmt_changed_keys_list (changed);
    fail_unless_equals_int (names->len, MIN (i + 1, VMT_CHANGED_MAX));
  }
  vmt_changed_keys_free (changed);
  vmt_output_free (output);
  fclose (out);
}

GST_END_TEST;

static Suite *
tool_trust_suite (void)
{
  Suite *s = suite_create ("tool-trust");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_question);
  tcase_add_test (tc, test_name_is_no_question);
  tcase_add_test (tc, test_answer);
  tcase_add_test (tc, test_actions);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_policy);
  tcase_add_test (tc, test_permissions);
  tcase_add_test (tc, test_store);
  tcase_add_test (tc, test_question_stays_open);
  tcase_add_test (tc, test_question_can_be_read);
  tcase_add_test (tc, test_host_is_asked_about_once);
  tcase_add_test (tc, test_last_question_is_answered);
  tcase_add_test (tc, test_programs_answer_at_once);
  tcase_add_test (tc, test_command_is_the_end);
  tcase_add_test (tc, test_words_of_others_are_safe);
  tcase_add_test (tc, test_changed_key);
  tcase_add_test (tc, test_changed_keys_limit);
  return s;
}

CHECK_PROGRAM (tool_trust)
