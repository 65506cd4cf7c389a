/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzrooms.h"
#include <gst/videomeet/wire/dialect.h>

#include <string.h>

#define LINES_MAX 24

typedef struct
{
  const VmDialect *dialect;
  gpointer state;
  VmMember *member;
} Peer;

/* What goes out is an event that can be read. */
static void
on_send (gpointer peer, const VmSignal *signal, gpointer user_data)
{
  Peer *to = peer;
  g_autoptr (GBytes) bytes = to->dialect->format (to->state, signal);
  gsize size;
  const gchar *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  VmJson json;

  if (!data)
    return;
  g_assert_true (vm_json_read (&json, data, size, NULL));
  if (to->dialect == &vm_dialect_socketio)
    g_assert_cmpint (vm_json_length (&json, 0), ==, 2);
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  ((Peer *) peer)->member = NULL;
}

static void
enter (VmRooms *rooms, Peer *peer, const gchar *meeting, const gchar *alias)
{
  const VmJoin request = { .meeting = meeting };
  VmMember *member =
      vm_rooms_enter (rooms, &request, alias, peer->member, peer, 0, NULL);

  if (member)
    peer->member = member;
}

static void
take (VmRooms *rooms, Peer *peer, const gchar *line, const gchar *alias)
{
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal =
      peer->dialect->parse (peer->state, bytes, &error);

  if (!signal) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  } else if (signal->type == VM_SIGNAL_HELLO) {
    enter (rooms, peer, signal->meeting, alias);
  } else if (peer->member) {
    vm_member_receive (peer->member, signal);
  }
}

/* A frame that a stranger's server sends to us: what follows from it can be
 * written and read. */
static void
take_from_server (gpointer state, const gchar *line)
{
  const VmDialect *dialect = &vm_dialect_socketio_client;
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  VmSignal *signal = dialect->parse (state, bytes, &error);
  GBytes *reply;

  g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
  for (; signal; signal = dialect->more (state)) {
    g_autoptr (VmSignal) answer = vm_signal_new (VM_SIGNAL_ANSWER);
    g_autoptr (GBytes) written = NULL;

    answer->to = g_strdup (signal->from);
    vm_signal_set_text (answer, &answer->sdp, "v=0");
    written = dialect->format (state, answer);
    g_assert_true (!signal->from || written);
    vm_signal_unref (signal);
  }
  while ((reply = dialect->reply (state))) {
    gsize size;
    const gchar *text = g_bytes_get_data (reply, &size);

    g_assert_true (size && g_utf8_validate (text, size, NULL));
    g_bytes_unref (reply);
  }
}

/* What two clients say, an event a line, one after the other, in a meeting with
 * a native host and a client of the room dialect. A line that begins with '<'
 * is a stranger's server's, to a client of its own. */
void
fuzz_one (const guint8 *data, gsize size)
{
  static const VmRoomsFuncs funcs = { .send = on_send,
    .close = on_close,
    .changed = fuzz_rooms_changed,
    .random = fuzz_rooms_random };
  const VmRoomConfig config = {
    .name = "standup", .user = "Ann", .max_participants = 4
  };
  const gchar *names[] = { "ann", "bob", "carl", "dora" };
  guint8 next = 0;
  Peer peers[4] = { { &vm_dialect_native }, { &vm_dialect_room },
    { &vm_dialect_socketio }, { &vm_dialect_socketio } };
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  VmRooms *rooms = vm_rooms_new (&funcs, &next);
  gpointer stranger = vm_dialect_socketio_client.state_new ();

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++) {
    peers[i].state = peers[i].dialect->state_new ();
    if (i > 0)
      g_bytes_unref (vm_dialect_room_greet (peers[i].state, names[i]));
  }
  vm_room_announced (
      vm_rooms_open (rooms, &config, &peers[0], &peers[0].member, NULL));
  enter (rooms, &peers[1], "standup", names[1]);
  for (guint i = 0; lines[i]; i++) {
    if (*lines[i] == '<')
      take_from_server (stranger, lines[i] + 1);
    else
      take (rooms, &peers[2 + i % 2], lines[i], names[2 + i % 2]);
  }
  g_assert_nonnull (peers[0].member);
  g_assert_nonnull (peers[1].member);
  vm_rooms_free (rooms);
  vm_dialect_socketio_client.state_free (stranger);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i].dialect->state_free (peers[i].state);
}
