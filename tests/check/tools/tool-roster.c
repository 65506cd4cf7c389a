/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is in the meeting, as the launcher remembers it. */

#include "program.h"
#include "session/roster-priv.h"

static guint
remembered (VmtRoster *roster)
{
  g_autoptr (JsonArray) all = vmt_roster_to_json (roster);

  return json_array_get_length (all);
}

static void
come (VmtRoster *roster, guint number)
{
  g_autofree gchar *id = g_strdup_printf ("p%u", number);

  vmt_roster_joined (roster, id, "Ann", "box", "id", FALSE);
}

static void
go (VmtRoster *roster, guint number)
{
  g_autofree gchar *id = g_strdup_printf ("p%u", number);

  vmt_roster_left (roster, id);
}

/* Who is there stays, whoever comes and goes meanwhile. */
GST_START_TEST (test_those_who_left_are_forgotten)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autofree gchar *stays = NULL, *gone = NULL, *late = NULL;

  come (roster, 0);
  for (guint i = 1; i <= VMT_ROSTER_LEFT_MAX; i++) {
    come (roster, i);
    go (roster, i);
    fail_unless_equals_int (remembered (roster), 1 + i);
  }
  for (guint i = 1; i <= 10; i++) {
    come (roster, VMT_ROSTER_LEFT_MAX + i);
    go (roster, VMT_ROSTER_LEFT_MAX + i);
    fail_unless_equals_int (remembered (roster), 1 + VMT_ROSTER_LEFT_MAX);
  }
  fail_unless_equals_int (vmt_roster_count (roster), 1);
  /* a name for who is known, the id for who is not */
  stays = vmt_roster_get_name (roster, "p0");
  gone = vmt_roster_get_name (roster, "p1");
  late = vmt_roster_get_name (roster, "p11");
  fail_unless_equals_string (stays, "Ann");
  fail_unless_equals_string (gone, "p1");
  fail_unless_equals_string (late, "Ann");
}

GST_END_TEST;

/* Ids are the host's to give, names the others'. */
GST_START_TEST (test_who_steers_no_terminal)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (GPtrArray) who = NULL, lines = NULL;

  vmt_roster_joined (roster, "p\xe2\x80\xae", "A\033[2J", "box", NULL, TRUE);
  vmt_roster_set_presence (roster, "p\xe2\x80\xae", "\xc2\x9b", FALSE, FALSE);
  who = vmt_roster_to_who (roster);
  lines = vmt_roster_to_lines (roster, FALSE);
  fail_unless_equals_int (who->len, 1);
  fail_unless_equals_string (
      who->pdata[0], "p\xef\xbf\xbd  A\xef\xbf\xbd[2J, host: \xef\xbf\xbd");
  fail_unless (g_str_has_prefix (lines->pdata[0], "A\xef\xbf\xbd[2J: 0"));
}

GST_END_TEST;

/* A page sends a status by itself; /who shows it in words, or not at all. */
GST_START_TEST (test_status_in_words)
{
  static const struct
  {
    const gchar *status, *who;
  } cases[] = { { "available", "p2  Bob" },
    { "presenting", "p2  Bob: shows a screen" },
    { "at lunch", "p2  Bob: at lunch" }, { "", "p2  Bob" },
    { NULL, "p2  Bob" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VmtRoster) roster = vmt_roster_new ();
    g_autoptr (GPtrArray) who = NULL;

    vmt_roster_joined (roster, "p2", "Bob", "box", NULL, FALSE);
    vmt_roster_set_presence (roster, "p2", cases[i].status, FALSE, FALSE);
    who = vmt_roster_to_who (roster);
    fail_unless_equals_string (who->pdata[0], cases[i].who);
  }
}

GST_END_TEST;

GST_START_TEST (test_how_well_somebody_is_known)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (GPtrArray) vouched = NULL, trusted = NULL, served = NULL,
                        direct = NULL;
  g_autoptr (JsonArray) before = NULL, after = NULL;
  g_autofree gchar *none = vmt_trust_words (NULL, NULL);
  JsonObject *one;

  fail_unless_equals_string (none, "");
  vmt_roster_joined (roster, "p2", "Bob", "box", NULL, FALSE);
  vmt_roster_set_trust (roster, "p2", "vouched", "A\033[2J");
  vouched = vmt_roster_to_who (roster);
  fail_unless_equals_string (
      vouched->pdata[0], "p2  Bob, verified by A\xef\xbf\xbd[2J");
  before = vmt_roster_to_json (roster);
  one = json_array_get_object_element (before, 0);
  fail_unless_equals_string (
      json_object_get_string_member (one, "voucher"), "A\033[2J");
  vmt_roster_set_trust (roster, "p2", "trusted", NULL);
  trusted = vmt_roster_to_who (roster);
  fail_unless_equals_string (trusted->pdata[0], "p2  Bob, verified");
  after = vmt_roster_to_json (roster);
  one = json_array_get_object_element (after, 0);
  fail_if (json_object_has_member (one, "voucher"));
  /* nobody is shown as verified while a server passes on what it sends */
  vmt_roster_set_path (roster, "p2", "cloud");
  served = vmt_roster_to_who (roster);
  fail_unless_equals_string (
      served->pdata[0], "p2  Bob, by the server, not end-to-end encrypted");
  vmt_roster_set_path (roster, "p2", "host");
  direct = vmt_roster_to_who (roster);
  fail_unless_equals_string (direct->pdata[0], "p2  Bob, verified");
}

GST_END_TEST;

static void
fail_unless_in_words (
    const gchar *trust, const gchar *voucher, const gchar *expected)
{
  g_autofree gchar *words = vmt_trust_words (trust, voucher);

  fail_unless_equals_string (words, expected);
}

GST_START_TEST (test_trust_in_words)
{
  fail_unless_in_words (NULL, NULL, "");
  fail_unless_in_words ("", NULL, "");
  fail_unless_in_words ("trusted", NULL, "verified");
  fail_unless_in_words ("vouched", "Ann", "verified by Ann");
  fail_unless_in_words (
      "vouched", NULL, "verified by a device that the host trusts");
  fail_unless_in_words ("known", NULL, "not verified");
  fail_unless_in_words ("unknown", NULL, "not verified");
  fail_unless_in_words ("guest", NULL, "invited, not verified");
  fail_unless_in_words ("something-new", NULL, "not verified");
}

GST_END_TEST;

GST_START_TEST (test_path_is_told_when_asked_for)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (GPtrArray) plain = NULL, verbose = NULL;

  vmt_roster_joined (roster, "p2", "Bob", "box", NULL, FALSE);
  vmt_roster_set_path (roster, "p2", "host");
  plain = vmt_roster_to_lines (roster, FALSE);
  verbose = vmt_roster_to_lines (roster, TRUE);
  fail_unless (strstr (plain->pdata[0], "path") == NULL);
  fail_unless (strstr (verbose->pdata[0], ", path host") != NULL);
}

GST_END_TEST;

static void
take_frame (VmtRoster *roster, const gchar *id)
{
  g_autoptr (VmtCounter) counter = vmt_roster_get_counter (roster, id);
  g_autoptr (GstPad) pad = gst_pad_new ("src", GST_PAD_SRC);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  vmt_counter_attach (counter, pad, TRUE);
  gst_pad_set_active (pad, TRUE);
  gst_pad_push_event (pad, gst_event_new_stream_start ("picture"));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  gst_pad_push (pad, gst_buffer_new ());
}

/* The host waits for a guest long before the first one comes. */
GST_START_TEST (test_first_frame_since_they_joined)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (GPtrArray) before = NULL, after = NULL, again = NULL;
  const gchar *said;

  vmt_roster_joined (roster, "p2", "Bob", "box", NULL, FALSE);
  before = vmt_roster_to_lines (roster, FALSE);
  fail_unless (strstr (before->pdata[0], "first frame") == NULL);
  roster->start_us -= G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC;
  take_frame (roster, "p2");
  after = vmt_roster_to_lines (roster, FALSE);
  said = strstr (after->pdata[0], ", first frame after ");
  fail_unless (said != NULL, "%s", (gchar *) after->pdata[0]);
  fail_unless (
      g_ascii_strtod (said + strlen (", first frame after "), NULL) < 3600);

  /* who comes back has a picture from before */
  vmt_roster_left (roster, "p2");
  vmt_roster_joined (roster, "p2", "Bob", "box", NULL, FALSE);
  again = vmt_roster_to_lines (roster, FALSE);
  fail_unless (strstr (again->pdata[0], "first frame") == NULL);
}

GST_END_TEST;

static gboolean
is_told (
    VmtRoster *roster, const gchar *id, guint number, VmtTell what, gint64 now)
{
  g_autoptr (GstStructure) message = gst_structure_new ("vm-presence", "id",
      G_TYPE_STRING, id, "number", G_TYPE_UINT, number, NULL);

  return vmt_roster_may_tell (roster, message, what, now);
}

static guint
untold (VmtRoster *roster, gint64 now)
{
  g_autoptr (GstStructure) message = vmt_roster_take_untold (roster, now);
  guint number = 0;

  if (message)
    gst_structure_get_uint (message, "number", &number);
  return number;
}

GST_START_TEST (test_told_so_often)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  const gint64 every = VMT_ROSTER_TELL_EVERY;
  gint64 now = 1000 * every;

  vmt_roster_joined (roster, "p2", "Bob", "box", NULL, FALSE);
  vmt_roster_joined (roster, "p3", "Carl", "box", NULL, FALSE);
  for (guint i = 1; i <= 900; i++)
    fail_unless_equals_int (is_told (roster, "p2", i, VMT_TELL_PRESENCE, now),
        i <= VMT_ROSTER_TELL_BURST);
  /* nobody is silent because of another */
  fail_unless (is_told (roster, "p3", 1, VMT_TELL_HAND, now));
  fail_if (is_told (roster, "p2", 901, VMT_TELL_HAND, now));
  fail_unless_equals_int (untold (roster, now + every - 1), 0);
  /* the last of each, in time */
  fail_unless_equals_int (untold (roster, now + every), 900);
  fail_unless_equals_int (untold (roster, now + every), 0);
  fail_unless_equals_int (untold (roster, now + 2 * every), 901);
  fail_unless_equals_int (untold (roster, now + 9 * every), 0);
  /* who was quiet may tell as much as before, and no more */
  now += 1000 * every;
  for (guint i = 1; i <= VMT_ROSTER_TELL_BURST + 1; i++)
    fail_unless_equals_int (is_told (roster, "p2", i, VMT_TELL_PRESENCE, now),
        i <= VMT_ROSTER_TELL_BURST);
  /* of who has left nothing is told later */
  vmt_roster_left (roster, "p2");
  fail_unless_equals_int (untold (roster, now + every), 0);
}

GST_END_TEST;

/* That digits differ stays, on whatever connection, until others are the same.
 */
GST_START_TEST (test_compared_digits_in_words)
{
  static const gchar *const steps[][2] = { { "unanswered", "not verified" },
    { "same", "verified by you" }, { "over", "not verified" },
    { "same", "verified by you" }, { "differs", "THE DIGITS DIFFER" },
    { "over", "THE DIGITS DIFFER" }, { "same", "verified by you" },
    { "different", "THE DIGITS DIFFER" }, { "changed", "THE DIGITS DIFFER" },
    { "same", "verified by you" } };
  g_autoptr (VmtRoster) roster = vmt_roster_new ();

  come (roster, 0);
  vmt_roster_set_trust (roster, "p0", "unknown", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autoptr (GPtrArray) who = NULL;

    vmt_roster_set_compared (roster, "p0", steps[i][0]);
    who = vmt_roster_to_who (roster);
    fail_unless (strstr (who->pdata[0], steps[i][1]) != NULL, "%u: %s", i,
        (gchar *) who->pdata[0]);
  }
}

GST_END_TEST;

static Suite *
tool_roster_suite (void)
{
  Suite *s = suite_create ("tool-roster");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_those_who_left_are_forgotten);
  tcase_add_test (tc, test_who_steers_no_terminal);
  tcase_add_test (tc, test_told_so_often);
  tcase_add_test (tc, test_status_in_words);
  tcase_add_test (tc, test_how_well_somebody_is_known);
  tcase_add_test (tc, test_trust_in_words);
  tcase_add_test (tc, test_compared_digits_in_words);
  tcase_add_test (tc, test_path_is_told_when_asked_for);
  tcase_add_test (tc, test_first_frame_since_they_joined);
  return s;
}

CHECK_PROGRAM (tool_roster)
