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
  gpointer far_state; /* of the client that reads what goes out */
  VmMember *member;
} Peer;

/* What goes out is read at the other end. */
static void
on_send (gpointer peer, const VmSignal *signal, gpointer user_data)
{
  Peer *to = peer;
  g_autoptr (GBytes) bytes = to->dialect->format (to->state, signal);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) again = NULL;

  if (!bytes)
    return;
  again =
      (to->far_state ? &vm_dialect_room_client : to->dialect)
          ->parse (to->far_state ? to->far_state : to->state, bytes, &error);
  g_assert_no_error (error);
  g_assert_true (!again || again->type == signal->type);
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
take (VmRooms *rooms, Peer *peer, const gchar *line)
{
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal =
      vm_dialect_room.parse (peer->state, bytes, &error);

  if (!signal) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  } else if (signal->type == VM_SIGNAL_HELLO) {
    /* the client at the far end takes only one room for its own */
    vm_dialect_room_client.state_free (peer->far_state);
    peer->far_state = vm_dialect_room_client.state_new ();
    enter (rooms, peer, signal->meeting, "carl");
  } else if (peer->member) {
    vm_member_receive (peer->member, signal);
  }
}

/* A line that begins with '<' is what a stranger's server says to us. */
static void
take_from_server (gpointer state, const gchar *line)
{
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal =
      vm_dialect_room_client.parse (state, bytes, &error);
  g_autoptr (VmSignal) answer = NULL;
  g_autoptr (GBytes) written = NULL;

  if (!signal) {
    g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
    return;
  }
  answer = vm_signal_new (VM_SIGNAL_ANSWER);
  answer->to = g_strdup (signal->from);
  vm_signal_set_text (answer, &answer->sdp, "v=0");
  written = vm_dialect_room_client.format (state, answer);
  g_assert_true (!signal->from || written);
}

/* What one client says, a message a line, in a meeting with a native host and
 * another client of the dialect. */
void
fuzz_one (const guint8 *data, gsize size)
{
  static const VmRoomsFuncs funcs = { .send = on_send,
    .close = on_close,
    .changed = fuzz_rooms_changed,
    .random = fuzz_rooms_random };
  const VmRoomConfig config = {
    .name = "standup", .user = "Ann", .max_participants = 3
  };
  guint8 next = 0;
  Peer peers[3] = { { &vm_dialect_native }, { &vm_dialect_room },
    { &vm_dialect_room } };
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  VmRooms *rooms = vm_rooms_new (&funcs, &next);
  gpointer stranger = vm_dialect_room_client.state_new ();

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++) {
    peers[i].state = peers[i].dialect->state_new ();
    if (i > 0)
      peers[i].far_state = vm_dialect_room_client.state_new ();
  }
  g_bytes_unref (vm_dialect_room_greet (peers[2].state, "carl"));
  vm_room_announced (
      vm_rooms_open (rooms, &config, &peers[0], &peers[0].member, NULL));
  enter (rooms, &peers[1], "standup", "bob");
  for (guint i = 0; lines[i]; i++) {
    if (*lines[i] == '<')
      take_from_server (stranger, lines[i] + 1);
    else
      take (rooms, &peers[2], lines[i]);
  }
  g_assert_nonnull (peers[0].member);
  g_assert_nonnull (peers[1].member);
  vm_rooms_free (rooms);
  vm_dialect_room_client.state_free (stranger);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++) {
    peers[i].dialect->state_free (peers[i].state);
    if (peers[i].far_state)
      vm_dialect_room_client.state_free (peers[i].far_state);
  }
}
