/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A vmsignalbin that hosts, and a client of the room protocol that is written
 * by hand: it says what a page of another maker may say. */

#include "program.h"
#include "elements/knownfaults.h"
#include "signal/signalside.h"
#include "elements/stranger.h"

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
static Stranger *stranger; /* that makes its descriptions, or NULL */

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

static void
on_candidate (VmMeeting *meeting, VmParticipant *from, const gchar *candidate,
    gint mline, const gchar *mid, const gchar *session, guint generation,
    gpointer user_data)
{
  if (stranger)
    stranger_take_candidate (stranger, candidate);
}

static gboolean
wake (gpointer expired)
{
  if (expired)
    *(gboolean *) expired = TRUE;
  return G_SOURCE_CONTINUE;
}

static void
send_candidates (void)
{
  gchar *candidate;

  while (
      stranger && (candidate = g_async_queue_try_pop (stranger->candidates))) {
    vm_meeting_send_candidate (guest.meeting, guest.host,
        strchr (candidate, ' ') + 1, atoi (candidate), NULL, guest.session,
        guest.generation);
    g_free (candidate);
  }
}

static void
expect_that (gboolean (*what) (gpointer), gpointer data, const gchar *name)
{
  gboolean expired = FALSE;
  guint deadline = g_timeout_add (DEADLINE / GST_MSECOND, wake, &expired);
  guint poll = g_timeout_add (5, wake, NULL);

  while (!what (data) && !expired) {
    g_main_context_iteration (NULL, TRUE);
    send_candidates ();
  }
  g_source_remove (deadline);
  g_source_remove (poll);
  fail_if (expired, "no %s in time", name);
}

static gboolean
is_set (gpointer what)
{
  return *(gpointer *) what != NULL;
}

/* Until @what is not NULL. */
static void
expect (gpointer *what, const gchar *name)
{
  expect_that (is_set, what, name);
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
  g_signal_connect (
      guest.meeting, "candidate", G_CALLBACK (on_candidate), NULL);
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
      VM_DESCRIPTION_TYPE_ANSWER, sdp, NULL, 0, guest.session, guest.generation,
      NULL);
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
      VM_DESCRIPTION_TYPE_OFFER, sdp, NULL, 0, session, 1, NULL);
}

/* What cannot be done to a connection there is. */
static const Wrong changes[] = {
  { "a=ice-ufrag:", "a=ice-ufrag:anew", "a=ice-ufrag" },
  { "a=ice-pwd:", "a=ice-pwd:anew", "a=ice-ufrag" },
  { "a=setup:actpass", "a=setup:passive", "a=setup" },
  { "camera", "kamera", "a=mid" },
  { "m=video 9", "m=audio 9", "m=" },
  { "VP8/90000", "AV1/90000", "a=rtpmap" },
  { "a=sctp-port:5000", "a=sctp-port:0", "a=sctp-port" },
  { "a=extmap:1 ", "a=extmap:3 ", "a=extmap" },
};

static void
expect_no_warning (Side *side, const gchar *what)
{
  g_autoptr (GstMessage) warning =
      gst_bus_pop_filtered (side->bus, GST_MESSAGE_WARNING);

  fail_unless (warning == NULL, "%s", what);
}

/* A page that restarts its ICE, or changes what webrtcbin cannot: that is said,
 * and what there is goes on. */
GST_START_TEST (test_second_offer_is_refused_and_ends_nothing)
{
  const Wrong *change = &changes[__i__];
  Side a = host (VIDEO "m.video_sink_0");
  g_autofree gchar *own = NULL, *changed = NULL, *field = NULL;

  guest_join (&a);
  own = answer_well ();
  changed = replaced (own, change->from, change->to);
  offer (changed, "anew");
  expect ((gpointer *) &guest.refused, "error");
  fail_unless (strstr (guest.refused->message, "goes on") != NULL, "%s",
      guest.refused->message);
  fail_unless (guest.answer == NULL);
  fail_unless_equals_int (guest.offers, 1);
  field = details_of_warning (&a, "field");
  fail_unless_equals_string (field, change->field);
  expect_no_warning (&a, "the connection was given up");
  guest_clear ();
  side_free (&a);
}

GST_END_TEST;

/* The host's, which each of its connections has another of. */
static gchar *
credentials (const gchar *sdp)
{
  const gchar *at = strstr (sdp, "a=ice-ufrag:");

  return g_strndup (at, strcspn (at, "\r"));
}

static gboolean
is_answered_anew (void)
{
  g_autofree gchar *before = credentials (guest.offer), *now = NULL;

  expect ((gpointer *) &guest.answer, "answer");
  fail_unless (guest.refused == NULL);
  now = credentials (guest.answer);
  return !g_str_equal (before, now);
}

/* Another connection of the page is taken: it is answered. Another o= alone is
 * none, as libdatachannel writes it. */
GST_START_TEST (test_new_connection_is_answered)
{
  Side a = host (VIDEO "m.video_sink_0");
  g_autofree gchar *own = NULL, *session = NULL, *other = NULL;

  guest_join (&a);
  own = answer_well ();
  session = replaced (own, "o=- ", "o=- 1");
  other = replaced (
      session, "a=ice-ufrag:", __i__ ? "a=ice-ufrag:anew" : "a=ice-ufrag:");
  offer (other, "anew");
  fail_unless_equals_int (is_answered_anew (), __i__);
  guest_clear ();
  side_free (&a);
}

GST_END_TEST;

/* A newcomer that offers, and does not answer the offer to it; one that answers
 * that has withdrawn its own. */
GST_START_TEST (test_offers_that_cross)
{
  Side a = host (VIDEO "m.video_sink_0");
  g_autofree gchar *own = NULL, *session = NULL, *other = NULL, *again = NULL;

  guest_join (&a);
  session = replaced (guest.offer, "o=- ", "o=- 1");
  other = replaced (session, "a=ice-ufrag:", "a=ice-ufrag:anew");
  offer (other, "newcomer");
  if (__i__) {
    own = answer_well ();
    again = replaced (own, "a=sendrecv", "a=inactive");
    offer (again, "again");
  }
  fail_unless_equals_int (is_answered_anew (), !__i__);
  guest_clear ();
  side_free (&a);
}

GST_END_TEST;

/* --- a stranger that offers anew in its connection --- */

/* A pad of the host, and what came out of it. */
typedef struct
{
  gchar *name;
  gint buffers; /* atomic */
  gint gone; /* atomic */
} Shown;

static GAsyncQueue *new_pads; /* Shown, which the pads own */

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc (&((Shown *) user_data)->buffers);
  return GST_PAD_PROBE_OK;
}

static void
shown_free (gpointer data)
{
  g_free (((Shown *) data)->name);
  g_free (data);
}

static void
on_pad_added (GstElement *bin, GstPad *pad, GstElement *pipeline)
{
  GstElement *sink;
  g_autoptr (GstPad) sinkpad = NULL;
  Shown *shown;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  shown = g_new0 (Shown, 1);
  shown->name = gst_pad_get_name (pad);
  sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  sinkpad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count, shown, NULL);
  fail_unless (gst_pad_link (pad, sinkpad) == GST_PAD_LINK_OK);
  g_object_set_data (G_OBJECT (pad), "shown", shown);
  g_async_queue_push (new_pads, shown);
}

static void
on_pad_removed (GstElement *bin, GstPad *pad, gpointer user_data)
{
  Shown *shown = g_object_get_data (G_OBJECT (pad), "shown");

  if (shown)
    g_atomic_int_set (&shown->gone, TRUE);
}

typedef struct
{
  const gchar *prefix;
  Shown *shown;
} Search;

static GPtrArray *all_shown;

static gboolean
finds_pad (gpointer data)
{
  Search *search = data;
  Shown *shown;

  while ((shown = g_async_queue_try_pop (new_pads)))
    g_ptr_array_add (all_shown, shown);
  for (guint i = 0; i < all_shown->len; i++) {
    shown = all_shown->pdata[i];
    if (!g_atomic_int_get (&shown->gone)
        && g_str_has_prefix (shown->name, search->prefix))
      search->shown = shown;
  }
  return search->shown != NULL;
}

/* Of the host, that is there now. */
static Shown *
expect_pad (const gchar *prefix)
{
  Search search = { prefix };

  expect_that (finds_pad, &search, prefix);
  return search.shown;
}

#define ENOUGH 10 /* buffers */

static gboolean
has_enough (gpointer count)
{
  return g_atomic_int_get ((gint *) count) >= ENOUGH;
}

static void
expect_flow (gint *count, const gchar *name)
{
  g_atomic_int_set (count, 0);
  expect_that (has_enough, count, name);
}

static gboolean
is_true (gpointer flag)
{
  return g_atomic_int_get ((gint *) flag);
}

/* Its sound is heard, and the host's camera seen: nothing was torn down. */
static void
expect_the_rest (Shown *sound)
{
  fail_if (g_atomic_int_get (&sound->gone));
  expect_flow (&sound->buffers, "sound");
  if (stranger->pictures)
    expect_flow (&stranger->pictures, "picture of the host");
}

static Side
host_for_strangers (void)
{
  Side a = host (VIDEO "m.video_sink_0 " AUDIO "m.audio_sink_0");

  new_pads = g_async_queue_new ();
  all_shown = g_ptr_array_new_with_free_func (shown_free);
  g_signal_connect (a.bin, "pad-added", G_CALLBACK (on_pad_added), a.pipeline);
  g_signal_connect (a.bin, "pad-removed", G_CALLBACK (on_pad_removed), NULL);
  return a;
}

static void
stranger_leave (Side *a)
{
  expect_no_warning (a, "something was warned of");
  guest_clear ();
  g_clear_pointer (&stranger, stranger_free);
  side_free (a);
  g_ptr_array_unref (all_shown);
  g_async_queue_unref (new_pads);
}

static guint
count_m_lines (const gchar *sdp)
{
  guint n = 0;

  for (const gchar *at = sdp; (at = strstr (at, "\nm=")); at++)
    n++;
  return n;
}

/* One with another number of m-lines answers an earlier offer. */
static gboolean
has_answered (gpointer sdp)
{
  return guest.answer && count_m_lines (guest.answer) == count_m_lines (sdp);
}

/* What the host answers to @sdp. */
static gchar *
offer_again (const gchar *sdp)
{
  g_clear_pointer (&guest.answer, g_free);
  offer (sdp, "again");
  expect_that (has_answered, (gpointer) sdp, "answer");
  fail_unless (guest.refused == NULL, "%s", guest.refused->message);
  return g_strdup (guest.answer);
}

static Shown *
expect_sound (void)
{
  Shown *sound = expect_pad ("audio_src_");

  expect_flow (&sound->buffers, "sound");
  return sound;
}

/* What the host sends, and all that the stranger can offer. */
static void
expect_host (void)
{
  expect_flow (&stranger->pictures, "picture of the host");
  expect_that (is_true, &stranger->channels, "data channel");
}

/* The host's offer, answered by a stranger with its sound. */
static Shown *
answer_host (Side *a)
{
  g_autofree gchar *sdp = NULL;

  stranger = stranger_new ();
  stranger_add_sound (stranger);
  guest_join (a);
  stranger_take_offer (stranger, guest.offer);
  sdp = stranger_answer (stranger);
  answer (sdp);
  expect_host ();
  return expect_sound ();
}

/* @from of the last m-line. */
static gchar *
in_last_line (const gchar *sdp, const gchar *from, const gchar *to)
{
  const gchar *last = g_strrstr (sdp, "\r\nm=");
  g_autofree gchar *head = g_strndup (sdp, last - sdp);
  g_autofree gchar *tail = replaced (last, from, to);

  return g_strconcat (head, tail, NULL);
}

/* How a page says that the m-line is not used any more. */
static gchar *
rejected_last_line (const gchar *sdp)
{
  g_autofree gchar *unbundled = in_last_line (sdp, "a=bundle-only\r\n", "");
  g_autofree gchar *group = replaced (unbundled, " video0\r\n", "\r\n");

  return g_strdup (group);
}

static gchar *
stopped (const gchar *sdp, guint how)
{
  static const gchar *const directions[] = { "a=recvonly", "a=inactive" };

  return how < G_N_ELEMENTS (directions)
             ? in_last_line (sdp, "a=sendrecv", directions[how])
             : rejected_last_line (sdp);
}

static const gchar *const answers_to_stop[] = { "a=inactive", "a=inactive",
  "m=video 0 " };

static void
expect_gone (Shown *shown)
{
  expect_that (is_true, &shown->gone, "end of the picture");
}

/* A page that adds its camera in the middle of a call, stops it in one way or
 * another, and begins again. */
GST_START_TEST (test_camera_comes_and_goes)
{
  Side a = host_for_strangers ();
  Shown *sound = answer_host (&a), *camera;
  g_autofree gchar *sdp = NULL, *added = NULL, *same = NULL, *off = NULL;
  g_autofree gchar *stop = NULL, *again = NULL;
  guint how = __i__;

  stranger_add_camera (stranger, "camera");
  sdp = stranger_offer (stranger);
  added = offer_again (sdp);
  stranger_take_answer (stranger, added);
  camera = expect_pad ("video_src_");
  expect_flow (&camera->buffers, "picture");

  same = offer_again (sdp);
  fail_unless_equals_string (same, added);
  expect_flow (&camera->buffers, "picture");

  stop = stopped (sdp, how);
  off = offer_again (stop);
  fail_unless (
      strstr (g_strrstr (off, "m="), answers_to_stop[how]) != NULL, "%s", off);
  expect_gone (camera);
  expect_the_rest (sound);

  again = offer_again (sdp);
  fail_unless_equals_string (again, added);
  camera = expect_pad ("video_src_");
  expect_flow (&camera->buffers, "picture");
  expect_the_rest (sound);
  stranger_leave (&a);
}

GST_END_TEST;

static gboolean
has_sent (gpointer name)
{
  return stranger_count_sent (stranger, name) >= ENOUGH;
}

/* One that has said at first that it sends no picture there. Its pictures come
 * before its next offer. */
GST_START_TEST (test_camera_comes_where_there_was_none)
{
  Side a = host_for_strangers ();
  Shown *sound, *camera;
  g_autofree gchar *sdp = NULL, *silent = NULL, *off = NULL, *back = NULL;
  gchar *at;

  stranger = stranger_new ();
  stranger_add_sound (stranger);
  stranger_add_camera (stranger, "camera");
  stranger_turn (stranger, "camera", FALSE);
  guest_join (&a);
  stranger_take_offer (stranger, guest.offer);
  sdp = stranger_answer (stranger);
  silent = g_strdup (sdp);
  at = strstr (strstr (silent, "m=video"), "a=sendrecv");
  memcpy (at, "a=recvonly", strlen ("a=recvonly"));
  answer (silent);
  sound = expect_sound ();
  expect_host ();

  stranger_turn (stranger, "camera", TRUE);
  expect_that (has_sent, (gpointer) "camera", "early picture");
  g_free (sdp);
  sdp = stranger_offer (stranger);
  back = offer_again (sdp);
  stranger_take_answer (stranger, back);
  camera = expect_pad ("video_src_");
  expect_flow (&camera->buffers, "picture");
  expect_the_rest (sound);

  /* and the host's is not wanted any more, which is no end of its own */
  at = strstr (strstr (sdp, "m=video"), "a=sendrecv");
  memcpy (at, "a=sendonly", strlen ("a=sendonly"));
  off = offer_again (sdp);
  fail_unless (strstr (strstr (off, "m=video"), "a=recvonly") != NULL);
  expect_flow (&camera->buffers, "picture");
  fail_if (g_atomic_int_get (&sound->gone));
  stranger_leave (&a);
}

GST_END_TEST;

/* A stranger that makes the connection, with its sound alone: the host's camera
 * is sent to it as well once it offers one. */
GST_START_TEST (test_camera_of_who_has_offered)
{
  Side a = host_for_strangers ();
  Shown *sound, *camera;
  g_autofree gchar *own = NULL, *sdp = NULL, *first = NULL, *added = NULL;

  guest_join (&a);
  own = answer_well ();
  stranger = stranger_new ();
  stranger_add_sound (stranger);
  sdp = stranger_offer (stranger);
  g_free (guest.session);
  guest.session = g_strdup ("again");
  guest.generation = 1;
  first = offer_again (sdp);
  stranger_take_answer (stranger, first);
  sound = expect_sound ();
  fail_unless_equals_int (stranger->pictures, 0);

  stranger_add_camera (stranger, "camera");
  g_free (sdp);
  sdp = stranger_offer (stranger);
  added = offer_again (sdp);
  stranger_take_answer (stranger, added);
  camera = expect_pad ("video_src_");
  expect_flow (&camera->buffers, "picture");
  expect_flow (&stranger->pictures, "picture of the host");
  expect_the_rest (sound);
  stranger_leave (&a);
}

GST_END_TEST;

/* What it is refused for is told it, and costs it nothing. */
GST_START_TEST (test_ice_restart_ends_nothing)
{
  Side a = host_for_strangers ();
  Shown *sound = answer_host (&a);
  g_autofree gchar *sdp = NULL, *restart = NULL, *field = NULL;

  sdp = stranger_offer (stranger);
  restart = replaced (sdp, "a=ice-ufrag:", "a=ice-ufrag:anew");
  offer (restart, "again");
  expect ((gpointer *) &guest.refused, "error");
  field = details_of_warning (&a, "field");
  fail_unless_equals_string (field, "a=ice-ufrag");
  expect_the_rest (sound);
  stranger_leave (&a);
}

GST_END_TEST;

/* One that says that its sound comes in an m-line where none can. */
GST_START_TEST (test_ssrc_where_no_stream_is)
{
  Side a = host_for_strangers ();
  g_autofree gchar *sdp = NULL, *none = NULL, *moved = NULL;

  stranger = stranger_new ();
  stranger_add_sound (stranger);
  guest_join (&a);
  stranger_take_offer (stranger, guest.offer);
  sdp = stranger_answer (stranger);
  none = replaced (sdp, "a=ssrc:", "a=x-ssrc:");
  moved = replaced (
      none, "a=sctp-port:", "a=ssrc:1234567 cname:here\r\na=sctp-port:");
  answer (moved);
  expect_sound ();
  stranger_leave (&a);
}

GST_END_TEST;

/* Of several offers at once the last is answered. */
GST_START_TEST (test_last_offer_counts)
{
  Side a = host_for_strangers ();
  Shown *sound = answer_host (&a), *camera;
  g_autofree gchar *before = NULL, *sdp = NULL, *added = NULL;

  before = stranger_offer (stranger);
  stranger_add_camera (stranger, "camera");
  sdp = stranger_offer (stranger);
  offer (before, "again");
  offer (before, "again");
  added = offer_again (sdp);
  stranger_take_answer (stranger, added);
  camera = expect_pad ("video_src_");
  expect_flow (&camera->buffers, "picture");
  expect_the_rest (sound);
  stranger_leave (&a);
}

GST_END_TEST;

static void
clean_up (void)
{
  g_clear_pointer (&stranger, stranger_free);
  teardown ();
}

static Suite *
vmforeign_suite (void)
{
  Suite *s = suite_create ("vmforeign");
  TCase *tc = tcase_create ("pages");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, clean_up);
  tcase_set_timeout (tc, 240);
  tcase_add_loop_test (
      tc, test_refusal_is_heard_and_named, 0, G_N_ELEMENTS (wrongs));
  tcase_add_loop_test (tc, test_second_offer_is_refused_and_ends_nothing, 0,
      G_N_ELEMENTS (changes));
  tcase_add_loop_test (tc, test_new_connection_is_answered, 0, 2);
  tcase_add_loop_test (tc, test_offers_that_cross, 0, 2);
  tcase_add_loop_test (
      tc, test_camera_comes_and_goes, 0, G_N_ELEMENTS (answers_to_stop));
  tcase_add_test (tc, test_camera_comes_where_there_was_none);
  tcase_add_test (tc, test_camera_of_who_has_offered);
  tcase_add_test (tc, test_ice_restart_ends_nothing);
  tcase_add_test (tc, test_last_offer_counts);
  tcase_add_test (tc, test_ssrc_where_no_stream_is);
  return s;
}

CHECK_PROGRAM (vmforeign)
