/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A vmsignalbin, and a participant that has a seat and no connection: the user
 * hears of it, it is tried again a few times, and then when somebody asks. */

#include "program.h"
#include "elements/knownfaults.h"
#include "signalside.h"

#define TIMEOUT_MS "400"
#define SOON_MS 10000 /* by which both users are told */

/* What a user sees when it is tried again, in milliseconds; 0: it is not. */
static const guint pauses[] = { 50, 100, 200, 400, 800, 0 };

/* The other one, which answers nothing. */
typedef struct
{
  VmMeeting *meeting;
  gboolean joined;
  guint offers;
} Other;

static Other other;

static void
on_joined (VmMeeting *meeting, VmParticipant *me, gpointer user_data)
{
  other.joined = TRUE;
}

static void
on_description (VmMeeting *meeting, VmParticipant *from, VmDescriptionType type,
    const gchar *sdp, const gchar *session, guint generation,
    const gchar *identity, gpointer user_data)
{
  other.offers += type == VM_DESCRIPTION_TYPE_OFFER;
}

static void
other_start (VmMeetingMode mode)
{
  g_autofree gchar *uri =
      g_strdup_printf ("videomeet://127.0.0.1:%u/tea", vm_node_get_port (node));
  g_autoptr (GError) error = NULL;

  other = (Other){ .meeting = vm_meeting_new (node) };
  g_object_set (other.meeting, "mode", mode, "name", "tea", NULL);
  if (mode == VM_MEETING_MODE_JOIN)
    g_object_set (other.meeting, "uri", uri, NULL);
  g_signal_connect (other.meeting, "joined", G_CALLBACK (on_joined), NULL);
  g_signal_connect (
      other.meeting, "description", G_CALLBACK (on_description), NULL);
  fail_unless (vm_meeting_start (other.meeting, &error), "%s",
      error ? error->message : "");
}

static void
other_stop (void)
{
  vm_meeting_stop (other.meeting);
  g_clear_object (&other.meeting);
}

static gboolean
wake (gpointer expired)
{
  if (expired)
    *(gboolean *) expired = TRUE;
  return G_SOURCE_CONTINUE;
}

/* The next message of @side of these types, while the other one runs too. */
static GstMessage *
next_message (Side *side, GstMessageType types)
{
  gboolean expired = FALSE;
  guint deadline = g_timeout_add (DEADLINE / GST_MSECOND, wake, &expired);
  guint poll = g_timeout_add (5, wake, NULL);
  GstMessage *message = NULL;

  while (!(message = gst_bus_pop_filtered (side->bus, types)) && !expired)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  g_source_remove (poll);
  fail_unless (message != NULL, "no message in time");
  return message;
}

static void
expect_joined (void)
{
  gboolean expired = FALSE;
  guint deadline = g_timeout_add (DEADLINE / GST_MSECOND, wake, &expired);

  while (!other.joined && !expired)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  fail_if (expired, "it does not host");
}

static void
expect_offer_after (guint offers)
{
  gboolean expired = FALSE;
  guint deadline = g_timeout_add (DEADLINE / GST_MSECOND, wake, &expired);

  while (other.offers <= offers && !expired)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  fail_if (expired, "no offer after %u", offers);
}

static void
expect_warning (Side *side, guint pause)
{
  g_autoptr (GstMessage) warning = next_message (side, GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;
  const GstStructure *details = NULL;
  guint again = G_MAXUINT;

  gst_message_parse_warning (warning, &error, NULL);
  gst_message_parse_warning_details (warning, &details);
  fail_unless (details && gst_structure_get_uint (details, "again-ms", &again),
      "%s", error->message);
  fail_unless (again == pause, "%u, not %u: %s", again, pause, error->message);
  fail_unless_equals_string (gst_structure_get_string (details, "code"),
      vm_error_to_code (VM_ERROR_TIMEOUT));
}

static void
expect_lost (Side *side)
{
  g_autofree gchar *state = NULL;

  while (g_strcmp0 (state, "disconnected") != 0) {
    g_autoptr (GstMessage) message = next_message (side, GST_MESSAGE_ELEMENT);

    g_clear_pointer (&state, g_free);
    if (gst_message_has_name (message, "vm-participant-state-changed"))
      state = g_strdup (gst_structure_get_string (
          gst_message_get_structure (message), "new"));
  }
}

GST_START_TEST (test_who_never_answers)
{
  Side a = host ("connect-timeout=" TIMEOUT_MS " " AUDIO "m.audio_sink_0");
  guint offers;

  other_start (VM_MEETING_MODE_JOIN);
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    expect_warning (&a, pauses[i]);
  expect_lost (&a);
  /* on a busy machine none may be made in the time of an attempt */
  offers = other.offers;
  fail_unless (offers > 1 && offers <= G_N_ELEMENTS (pauses), "%u", offers);
  /* the user asks: all of it once more */
  g_signal_emit_by_name (a.bin, "restart-ice", NULL);
  expect_warning (&a, pauses[0]);
  expect_offer_after (offers);
  other_stop ();
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_who_never_offers)
{
  Side b;

  other_start (VM_MEETING_MODE_HOST);
  expect_joined ();
  b = join ("connect-timeout=" TIMEOUT_MS " " AUDIO "m.audio_sink_0");
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    expect_warning (&b, pauses[i]);
  expect_lost (&b);
  fail_unless_equals_int (other.offers, 0);
  side_free (&b);
  other_stop ();
}

GST_END_TEST;

/* What the property is without being set, and may be. */
GST_START_TEST (test_timeout)
{
  g_autoptr (GstElement) bin =
      gst_object_ref_sink (gst_element_factory_make ("vmsignalbin", NULL));
  GParamSpecUInt *spec = G_PARAM_SPEC_UINT (g_object_class_find_property (
      G_OBJECT_GET_CLASS (bin), "connect-timeout"));
  guint timeout = 0;

  g_object_get (bin, "connect-timeout", &timeout, NULL);
  fail_unless (timeout > 0 && timeout < SOON_MS, "%u ms", timeout);
  g_object_set (bin, "connect-timeout", spec->minimum, NULL);
  g_object_get (bin, "connect-timeout", &timeout, NULL);
  fail_unless_equals_int (timeout, 100);
  g_object_set (bin, "connect-timeout", spec->maximum, NULL);
  g_object_get (bin, "connect-timeout", &timeout, NULL);
  fail_unless_equals_int (timeout, 60000);
}

GST_END_TEST;

static Suite *
vmlost_suite (void)
{
  Suite *s = suite_create ("vmlost");
  TCase *tc = tcase_create ("pairs");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_set_timeout (tc, 240);
  tcase_add_test (tc, test_who_never_answers);
  tcase_add_test (tc, test_who_never_offers);
  tcase_add_test (tc, test_timeout);
  return s;
}

CHECK_PROGRAM (vmlost)
