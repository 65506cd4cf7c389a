/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Participants of rooms of a real Janus, with a bare webrtcbin for each of
 * their connections. test_janus.py starts the server and says with CK_RUN_CASE
 * what is to be seen. */

#include "elements/stranger.h"
#include "support/net/cutter.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/client/janus/janusconnection.h>
#include <gst/videomeet/client/settle.h>
#include <string.h>

#define SOON_S 60
#define POLL_MS 20
#define PICTURES 30 /* packets that make sure that it flows */

/* The rooms of test_janus.py. */
#define ROOM 4711
#define ROOM_OF_ONE 4712
#define ROOM_OF_H264 4713
#define NO_ROOM 99
#define SECRET "lab-secret"

typedef struct
{
  VmJanusConnection *connection;
  Stranger *sender, *receiver; /* or NULL */
  const gchar *cameras[3]; /* what it sends; NULL ends */
  GString *heard;
  GHashTable *names; /* id -> name */
  guint timer;
} Party;

static const gchar *
get_port (void)
{
  return g_getenv ("VM_JANUS_PORT");
}

/* Its descriptions, by the mids in the order of the m-lines. */
static gchar **
describe (Party *party, const gchar *sdp)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\r\n", 0);
  GStrvBuilder *pairs = g_strv_builder_new ();
  gchar **described;
  guint n = 0;

  for (guint i = 0; lines[i] && party->cameras[n]; i++) {
    if (g_str_has_prefix (lines[i], "a=mid:")) {
      g_strv_builder_add (pairs, lines[i] + strlen ("a=mid:"));
      g_strv_builder_add (pairs, party->cameras[n++]);
    }
  }
  described = g_strv_builder_end (pairs);
  g_strv_builder_unref (pairs);
  return described;
}

static void
publish (Party *party)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *sdp = NULL;
  g_auto (GStrv) described = NULL;

  if (!party->cameras[0])
    return;
  g_clear_pointer (&party->sender, stranger_free);
  party->sender = stranger_new ();
  for (guint i = 0; party->cameras[i]; i++)
    stranger_add_camera (party->sender, party->cameras[i]);
  sdp = stranger_offer (party->sender);
  described = describe (party, sdp);
  vm_janus_connection_publish (
      party->connection, sdp, (const gchar *const *) described, &error);
  g_assert_no_error (error);
}

static void
take_offer (Party *party, const VmJanusEvent *event)
{
  g_autofree gchar *answer = NULL;

  if (!event->again) {
    g_clear_pointer (&party->receiver, stranger_free);
    party->receiver = stranger_new ();
  }
  stranger_take_offer (party->receiver, event->sdp);
  answer = stranger_answer (party->receiver);
  vm_janus_connection_answer (party->connection, answer);
}

static void
send_candidates (Party *party, VmJanusRole role, Stranger *stranger)
{
  gchar *candidate;

  while (
      stranger && (candidate = g_async_queue_try_pop (stranger->candidates))) {
    const gchar *text = strchr (candidate, ' ') + 1;

    vm_janus_connection_add_candidate (party->connection, role,
        *text ? text : NULL, NULL, g_ascii_strtoll (candidate, NULL, 10));
    g_free (candidate);
  }
}

static gboolean
on_poll (gpointer data)
{
  Party *party = data;

  send_candidates (party, VM_JANUS_PUBLISHER, party->sender);
  send_candidates (party, VM_JANUS_SUBSCRIBER, party->receiver);
  return G_SOURCE_CONTINUE;
}

/* What it hears */

static const gchar *
name_of (Party *party, gint64 id)
{
  const gchar *name = g_hash_table_lookup (party->names, &id);

  return name ? name : "nobody";
}

static void
know (Party *party, const VmJanusEvent *event)
{
  g_hash_table_insert (party->names, g_memdup2 (&event->id, sizeof event->id),
      g_strdup (event->text));
}

static void
note (Party *party, const gchar *what, const gchar *more, const gchar *and)
{
  g_string_append_printf (party->heard, "%s%s%s%s%s\n", what, more ? ":" : "",
      more ? more : "", and? ":" : "", and? and : "");
}

static void
note_error (Party *party, const gchar *what, const GError *error)
{
  note (party, what, error ? vm_error_get_code (error) : NULL, NULL);
}

static void
take_stream (Party *party, const VmJanusEvent *event)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *what = g_strdup_printf (
      "%s/%s", event->stream->codec, event->stream->description);

  note (party, "added", name_of (party, event->id), what);
  vm_janus_connection_want (
      party->connection, event->id, event->stream->mid, &error);
  g_assert_no_error (error);
}

static void
take_candidate (Party *party, const VmJanusEvent *event)
{
  Stranger *stranger =
      event->role == VM_JANUS_PUBLISHER ? party->sender : party->receiver;

  if (event->text && stranger)
    stranger_take_candidate (stranger, event->text);
}

static void
on_event (
    VmJanusConnection *connection, const VmJanusEvent *event, gpointer data)
{
  Party *party = data;

  switch (event->type) {
    case VM_JANUS_EVENT_JOINED:
      note (party, event->again ? "joined-again" : "joined", NULL, NULL);
      publish (party);
      break;
    case VM_JANUS_EVENT_LOST:
      note_error (party, "lost", event->error);
      break;
    case VM_JANUS_EVENT_RETURNED:
      note (party, "returned", NULL, NULL);
      break;
    case VM_JANUS_EVENT_CLOSED:
      note_error (party, "closed", event->error);
      break;
    case VM_JANUS_EVENT_WARNING:
      note_error (party, "warning", event->error);
      break;
    case VM_JANUS_EVENT_PARTICIPANT_JOINED:
      know (party, event);
      note (party, "came", event->text, NULL);
      break;
    case VM_JANUS_EVENT_PARTICIPANT_LEFT:
      note (party, "left", name_of (party, event->id), NULL);
      break;
    case VM_JANUS_EVENT_STREAM_ADDED:
      take_stream (party, event);
      break;
    case VM_JANUS_EVENT_STREAM_REMOVED:
      note (party, "removed", name_of (party, event->id), NULL);
      break;
    case VM_JANUS_EVENT_PUBLISHED:
      note (party, "published", NULL, NULL);
      stranger_take_answer (party->sender, event->sdp);
      break;
    case VM_JANUS_EVENT_PUBLISH_FAILED:
      note_error (party, "unpublishable", event->error);
      break;
    case VM_JANUS_EVENT_OFFER:
      note (party, "offer", event->again ? "again" : NULL, NULL);
      take_offer (party, event);
      break;
    case VM_JANUS_EVENT_CANDIDATE:
      take_candidate (party, event);
      break;
    default:
      break;
  }
}

/* Parties */

static void
party_open (Party *party, const VmJanusClientConfig *settings,
    const gchar *port, const gchar *camera, const gchar *screen)
{
  VmJanusClientConfig config = *settings;
  g_autofree gchar *uri = g_strdup_printf ("ws://127.0.0.1:%s/", port);
  g_autoptr (GError) error = NULL;

  memset (party, 0, sizeof *party);
  party->cameras[0] = camera;
  party->cameras[1] = screen;
  party->heard = g_string_new (NULL);
  party->names =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  if (!config.api_secret)
    config.api_secret = SECRET;
  party->connection =
      vm_janus_connection_new (uri, &config, on_event, party, &error);
  g_assert_no_error (error);
  party->timer = g_timeout_add (POLL_MS, on_poll, party);
  vm_janus_connection_start (party->connection);
}

static void
party_close (Party *party)
{
  g_source_remove (party->timer);
  vm_janus_connection_close (party->connection);
  g_clear_object (&party->connection);
  g_clear_pointer (&party->sender, stranger_free);
  g_clear_pointer (&party->receiver, stranger_free);
  g_hash_table_unref (party->names);
  g_string_free (party->heard, TRUE);
}

/* When all are closed. */
static void
settle (void)
{
  fail_unless (vm_settle (SOON_S * 1000));
}

static gboolean
on_turn (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Until it has heard these lines, one after the other, and forgets all up to
 * them. */
static void
hears (Party *party, const gchar *lines)
{
  gint64 end = g_get_monotonic_time () + SOON_S * G_USEC_PER_SEC;
  g_auto (GStrv) expected = g_strsplit (lines, " ", 0);
  guint timer = g_timeout_add (POLL_MS, on_turn, NULL);

  for (guint i = 0; expected[i]; i++) {
    g_autofree gchar *line = g_strconcat (expected[i], "\n", NULL);
    gchar *found;

    while (!(found = strstr (party->heard->str, line))) {
      fail_unless (g_get_monotonic_time () < end, "no %s in %s", expected[i],
          party->heard->str);
      g_main_context_iteration (NULL, TRUE);
    }
    g_string_erase (party->heard, 0, found - party->heard->str + strlen (line));
  }
  g_source_remove (timer);
}

static void
sees (Party *party, guint packets)
{
  gint64 end = g_get_monotonic_time () + SOON_S * G_USEC_PER_SEC;
  guint timer = g_timeout_add (POLL_MS, on_turn, NULL);
  guint before =
      party->receiver ? g_atomic_int_get (&party->receiver->pictures) : 0;

  while (!party->receiver
         || g_atomic_int_get (&party->receiver->pictures) < before + packets) {
    fail_unless (g_get_monotonic_time () < end, "%u packets only",
        party->receiver ? g_atomic_int_get (&party->receiver->pictures) : 0);
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (timer);
}

static const VmJanusClientConfig as_ann = { .room = ROOM, .display = "Ann" };
static const VmJanusClientConfig as_bob = { .room = ROOM, .display = "Bob" };
static const VmJanusClientConfig as_cat = { .room = ROOM, .display = "Cat" };

/* Cases */

GST_START_TEST (test_they_see_each_other)
{
  Party ann, bob, cat;

  party_open (&ann, &as_ann, get_port (), "camera", "screen");
  hears (&ann, "joined published");
  party_open (&bob, &as_bob, get_port (), "camera", NULL);
  hears (&bob, "joined");
  hears (&bob, "came:Ann added:Ann:vp8/camera added:Ann:vp8/screen offer");
  sees (&bob, PICTURES);
  hears (&ann, "came:Bob added:Bob:vp8/camera offer");
  sees (&ann, PICTURES);
  /* a third adds to the connection that is there */
  party_open (&cat, &as_cat, get_port (), "camera", NULL);
  hears (&bob, "came:Cat added:Cat:vp8/camera offer:again");
  sees (&bob, PICTURES);
  vm_janus_connection_leave (ann.connection);
  hears (&ann, "closed");
  hears (&bob, "removed:Ann removed:Ann left:Ann");
  hears (&cat, "left:Ann");
  sees (&bob, PICTURES);
  party_close (&ann);
  party_close (&bob);
  party_close (&cat);
  settle ();
}

GST_END_TEST;

GST_START_TEST (test_rooms)
{
  const VmJanusClientConfig nowhere = { .room = NO_ROOM };
  const VmJanusClientConfig maker = { .room = NO_ROOM,
    .display = "Ann",
    .pin = "234567",
    .create = TRUE,
    .room_secret = "of-ann" };
  const VmJanusClientConfig wrong = { .room = NO_ROOM, .pin = "345678" };
  const VmJanusClientConfig right = {
    .room = NO_ROOM, .display = "B\xc3\xb6\x62", .pin = "234567", .create = TRUE
  };
  Party ann, bob, eve;

  party_open (&eve, &nowhere, get_port (), NULL, NULL);
  hears (&eve, "closed:MEETING_NOT_FOUND");
  party_close (&eve);
  party_open (&ann, &maker, get_port (), NULL, NULL);
  hears (&ann, "joined");
  party_open (&eve, &wrong, get_port (), NULL, NULL);
  hears (&eve, "closed:WRONG_PIN");
  party_close (&eve);
  party_open (&bob, &right, get_port (), NULL, NULL);
  hears (&bob, "joined came:Ann");
  hears (&ann, "came:B\xc3\xb6\x62");
  vm_janus_connection_leave (bob.connection);
  hears (&bob, "closed");
  hears (&ann, "left:B\xc3\xb6\x62");
  party_close (&bob);
  party_close (&ann);
  settle ();
}

GST_END_TEST;

GST_START_TEST (test_refusals)
{
  const VmJanusClientConfig stranger = { .room = ROOM, .api_secret = "guess" };
  const VmJanusClientConfig alone = { .room = ROOM_OF_ONE, .display = "Ann" };
  const VmJanusClientConfig other = { .room = ROOM_OF_H264 };
  Party ann, bob;

  party_open (&ann, &stranger, get_port (), NULL, NULL);
  hears (&ann, "closed:NOT_TRUSTED");
  party_close (&ann);
  party_open (&ann, &alone, get_port (), "camera", NULL);
  hears (&ann, "joined published");
  /* a publisher counts once its connection is there */
  party_open (&bob, &alone, get_port (), NULL, NULL);
  hears (&bob, "joined came:Ann added:Ann:vp8/camera");
  bob.cameras[0] = "camera";
  publish (&bob);
  hears (&bob, "unpublishable:MEETING_FULL");
  party_close (&bob);
  party_close (&ann);
  party_open (&ann, &other, get_port (), "camera", NULL);
  hears (&ann, "joined published warning:CODEC");
  party_close (&ann);
  settle ();
}

GST_END_TEST;

/* The server dies, and is there again: a new session, and all is as before. */
GST_START_TEST (test_server_dies)
{
  Party ann, bob;

  party_open (&ann, &as_ann, get_port (), "camera", NULL);
  hears (&ann, "joined published");
  party_open (&bob, &as_bob, get_port (), NULL, NULL);
  hears (&bob, "joined came:Ann added:Ann:vp8/camera offer");
  sees (&bob, PICTURES);
  g_print ("the server may die\n");
  hears (&bob, "lost:DISCONNECTED");
  hears (&ann, "lost:DISCONNECTED joined-again published");
  hears (&bob, "joined-again");
  hears (&bob, "offer");
  sees (&bob, PICTURES);
  party_close (&bob);
  party_close (&ann);
  settle ();
}

GST_END_TEST;

/* A server that gives sessions back: nobody leaves the room. */
GST_START_TEST (test_socket_is_cut)
{
  Cutter *cutter =
      cutter_new ((guint16) g_ascii_strtoll (get_port (), NULL, 10));
  g_autofree gchar *port = g_strdup_printf ("%u", cutter_get_port (cutter));
  Party ann, bob;

  party_open (&ann, &as_ann, get_port (), "camera", NULL);
  hears (&ann, "joined published");
  party_open (&bob, &as_bob, port, "camera", NULL);
  hears (&bob, "joined came:Ann added:Ann:vp8/camera offer");
  sees (&bob, PICTURES);
  hears (&ann, "came:Bob added:Bob:vp8/camera offer");
  cutter_cut (cutter);
  hears (&bob, "lost:DISCONNECTED returned");
  hears (&bob, "offer");
  sees (&bob, PICTURES);
  sees (&ann, PICTURES);
  fail_if (strstr (ann.heard->str, "left:Bob"), "%s", ann.heard->str);
  fail_if (strstr (bob.heard->str, "left:Ann"), "%s", bob.heard->str);
  party_close (&bob);
  party_close (&ann);
  cutter_free (cutter);
  settle ();
}

GST_END_TEST;

#define ADD(suite, name, test)          \
  G_STMT_START                          \
  {                                     \
    TCase *tc = tcase_create (name);    \
                                        \
    suite_add_tcase (suite, tc);        \
    tcase_set_timeout (tc, 5 * SOON_S); \
    tcase_add_test (tc, test);          \
  }                                     \
  G_STMT_END

static Suite *
januspair_suite (void)
{
  Suite *s = suite_create ("januspair");

  ADD (s, "meet", test_they_see_each_other);
  ADD (s, "rooms", test_rooms);
  ADD (s, "refusals", test_refusals);
  ADD (s, "death", test_server_dies);
  ADD (s, "cut", test_socket_is_cut);
  return s;
}

GST_CHECK_MAIN (januspair)
