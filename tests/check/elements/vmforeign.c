/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A vmsignalbin that hosts, and a client of the room protocol that is written
 * by hand: it says what a page of another maker may say. */

#include "program.h"
#include "knownfaults.h"
#include "signalside.h"

#include <string.h>

/* The client: it has joined, and what it has heard of the host. */
typedef struct
{
  VmMeeting *meeting;
  VmParticipant *host;
  gchar *offer, *answer, *session;
  guint generation, offers;
  GError *refused;
} Guest;

static Guest guest;

static void
on_joined (VmMeeting *meeting, VmParticipant *participant, gpointer user_data)
{
  g_set_object (&guest.host, participant);
}

static void
on_description (VmMeeting *meeting, VmParticipant *from, VmDescriptionType type,
    const gchar *sdp, const gchar *session, guint generation,
    const gchar *identity, gpointer user_data)
{
  if (type == VM_DESCRIPTION_TYPE_ANSWER) {
    g_free (guest.answer);
    guest.answer = g_strdup (sdp);
    return;
  }
  g_free (guest.offer);
  g_free (guest.session);
  guest.offer = g_strdup (sdp);
  guest.session = g_strdup (session);
  guest.generation = generation;
  guest.offers++;
}

static void
on_refused (
    VmMeeting *meeting, VmParticipant *from, GError *error, gpointer user_data)
{
  g_clear_error (&guest.refused);
  guest.refused = g_error_copy (error);
}

static gboolean
wake (gpointer expired)
{
  if (expired)
    *(gboolean *) expired = TRUE;
  return G_SOURCE_CONTINUE;
}

/* Until @what is not NULL. */
static void
expect (gpointer *what, const gchar *name)
{
  gboolean expired = FALSE;
  guint deadline = g_timeout_add (DEADLINE / GST_MSECOND, wake, &expired);

  while (!g_atomic_pointer_get (what) && !expired)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  fail_if (expired, "no %s in time", name);
}

/* Of the meeting that @a hosts. */
static void
guest_join (Side *a)
{
  g_autofree gchar *uri = NULL;
  g_autoptr (GError) error = NULL;

  memset (&guest, 0, sizeof guest);
  uri = g_strdup_printf ("ws://127.0.0.1:%u/tea", vm_node_get_port (node));
  guest.meeting = vm_meeting_new (node);
  g_object_set (guest.meeting, "dialect", VM_DIALECT_NAME_ROOM, "mode",
      VM_MEETING_MODE_JOIN, "uri", uri, NULL);
  g_signal_connect (
      guest.meeting, "participant-joined", G_CALLBACK (on_joined), NULL);
  g_signal_connect (
      guest.meeting, "description", G_CALLBACK (on_description), NULL);
  g_signal_connect (guest.meeting, "refused", G_CALLBACK (on_refused), NULL);
  fail_unless (vm_meeting_start (guest.meeting, &error), "%s",
      error ? error->message : "");
  expect ((gpointer *) &guest.offer, "offer");
}

static void
guest_clear (void)
{
  vm_meeting_stop (guest.meeting);
  g_clear_object (&guest.meeting);
  g_clear_object (&guest.host);
  g_clear_error (&guest.refused);
  g_free (guest.offer);
  g_free (guest.answer);
  g_free (guest.session);
}

static void
answer (const gchar *sdp)
{
  vm_meeting_send_description (guest.meeting, guest.host,
      VM_DESCRIPTION_TYPE_ANSWER, sdp, guest.session, guest.generation, NULL);
}

static gchar *
details_of_warning (Side *side, const gchar *name)
{
  g_autoptr (GstMessage) warning =
      gst_bus_timed_pop_filtered (side->bus, DEADLINE, GST_MESSAGE_WARNING);
  const GstStructure *details = NULL;

  fail_unless (warning != NULL, "no warning");
  gst_message_parse_warning_details (warning, &details);
  fail_unless (details != NULL);
  return g_strdup (gst_structure_get_string (details, name));
}

/* What an answer makes of the offer to it, with one thing wrong. */
static gchar *
bad_answer (const gchar *from, const gchar *to)
{
  g_auto (GStrv) open = g_strsplit (guest.offer, "a=setup:actpass", 0);
  g_autofree gchar *sdp = g_strjoinv ("a=setup:active", open);
  g_auto (GStrv) parts = g_strsplit (sdp, from, 0);

  fail_unless (parts[1] != NULL, "no %s in %s", from, sdp);
  return g_strjoinv (to, parts);
}

typedef struct
{
  const gchar *from, *to, *field;
} Wrong;

static const Wrong wrongs[] = {
  { "a=setup:active", "a=setup:holdconn", "a=setup" },
  { "a=fingerprint:sha-256", "a=fingerprint:md5", "a=fingerprint" },
  { "a=sctp-port:5000", "a=sctp-port:0", "a=sctp-port" },
  { "VP8/90000", "AV1/90000", "a=rtpmap" },
};

/* Who has sent it hears so, in its protocol; and whoever looks at the bus reads
 * which field it was. */
GST_START_TEST (test_refusal_is_heard_and_named)
{
  const Wrong *wrong = &wrongs[__i__];
  Side a = host (VIDEO "m.video_sink_0");
  g_autofree gchar *sdp = NULL, *field = NULL;

  guest_join (&a);
  sdp = bad_answer (wrong->from, wrong->to);
  answer (sdp);
  expect ((gpointer *) &guest.refused, "error");
  fail_unless (
      g_error_matches (guest.refused, VM_ERROR,
          strcmp (wrong->field, "a=rtpmap") == 0 ? VM_ERROR_CODEC
                                                 : VM_ERROR_BAD_MESSAGE),
      "%s", guest.refused->message);
  field = details_of_warning (&a, "field");
  fail_unless_equals_string (field, wrong->field);
  guest_clear ();
  side_free (&a);
}

GST_END_TEST;

static gchar *
replaced (const gchar *text, const gchar *from, const gchar *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, 0);

  fail_unless (parts[1] != NULL, "no %s in %s", from, text);
  return g_strjoinv (to, parts);
}

/* The connection of the host's offer, which the guest has answered. */
static gchar *
answer_well (void)
{
  g_autofree gchar *active =
      replaced (guest.offer, "a=setup:actpass", "a=setup:active");
  g_autofree gchar *sdp = replaced (active, "a=recvonly", "a=sendonly");

  answer (sdp);
  return g_strdup (guest.offer);
}

static void
offer (const gchar *sdp, const gchar *session)
{
  vm_meeting_send_description (guest.meeting, guest.host,
      VM_DESCRIPTION_TYPE_OFFER, sdp, session, 1, NULL);
}

static const gchar *const changes[][2] = {
  { "a=setup:actpass", "a=setup:actpass\r\na=x-same:1" },
  { "a=ice-ufrag:", "a=ice-ufrag:anew" },
  { "a=mid:camera", "a=mid:camera\r\na=inactive" },
};

/* A page that changes its connection, or restarts its ICE: what cannot be done
 * is said, and what there is goes on. */
GST_START_TEST (test_second_offer_is_refused_and_ends_nothing)
{
  Side a = host (VIDEO "m.video_sink_0");
  g_autofree gchar *own = NULL, *changed = NULL;
  g_autoptr (GstMessage) failed = NULL;

  guest_join (&a);
  own = answer_well ();
  changed = replaced (own, changes[__i__][0], changes[__i__][1]);
  offer (changed, "anew");
  expect ((gpointer *) &guest.refused, "error");
  fail_unless (g_error_matches (guest.refused, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  fail_unless (strstr (guest.refused->message, "goes on") != NULL, "%s",
      guest.refused->message);
  fail_unless_equals_int (guest.offers, 1);
  failed = gst_bus_timed_pop_filtered (a.bus, DEADLINE, GST_MESSAGE_WARNING);
  fail_unless (failed != NULL);
  gst_clear_message (&failed);
  failed = gst_bus_pop_filtered (a.bus, GST_MESSAGE_WARNING);
  fail_unless (failed == NULL, "the connection was given up");
  guest_clear ();
  side_free (&a);
}

GST_END_TEST;

/* Another connection of the page is taken: it is answered. */
GST_START_TEST (test_new_connection_is_answered)
{
  Side a = host (VIDEO "m.video_sink_0");
  g_autofree gchar *own = NULL, *other = NULL;

  guest_join (&a);
  own = answer_well ();
  other = replaced (own, "o=- ", "o=- 1");
  offer (other, "anew");
  expect ((gpointer *) &guest.answer, "answer");
  fail_unless (guest.refused == NULL);
  guest_clear ();
  side_free (&a);
}

GST_END_TEST;

static Suite *
vmforeign_suite (void)
{
  Suite *s = suite_create ("vmforeign");
  TCase *tc = tcase_create ("pages");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_set_timeout (tc, 240);
  tcase_add_loop_test (
      tc, test_refusal_is_heard_and_named, 0, G_N_ELEMENTS (wrongs));
  tcase_add_loop_test (tc, test_second_offer_is_refused_and_ends_nothing, 0,
      G_N_ELEMENTS (changes));
  tcase_add_test (tc, test_new_connection_is_answered);
  return s;
}

CHECK_PROGRAM (vmforeign)
