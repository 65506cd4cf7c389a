/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzrooms.h"
#include <gst/videomeet/wire/dialect.h>

#include <string.h>

#define LINES_MAX 24

typedef struct
{
  gpointer state;
  gboolean closed;
} Peer;

/* What goes out reads back as the same type. */
static void
on_send (gpointer peer, const VmSignal *signal, gpointer user_data)
{
  const VmDialect *dialect = &vm_dialect_native;
  Peer *to = peer;
  g_autoptr (GBytes) bytes = dialect->format (to->state, signal);
  gpointer state = dialect->state_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) again = NULL;

  g_assert_nonnull (bytes);
  again = dialect->parse (state, bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpint (again->type, ==, signal->type);
  g_assert_cmpstr (again->from, ==, signal->from);
  dialect->state_free (state);
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  ((Peer *) peer)->closed = TRUE;
}

static VmMember *
come_in (VmRooms *rooms, Peer *peer, const VmSignal *hello)
{
  const VmJoin request = { .meeting = "standup", .user = "Bob" };
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;

  vm_rooms_join (rooms, &request, 0, &text, NULL);
  ticket = vm_rooms_use_ticket (rooms, text, NULL, 0, NULL);
  g_assert_nonnull (ticket);
  return vm_rooms_take_seat (rooms, ticket, hello, peer, NULL);
}

static VmMember *
take (VmRooms *rooms, Peer *peer, VmMember *member, const gchar *line)
{
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal =
      vm_dialect_native.parse (peer->state, bytes, &error);

  if (!signal) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return member;
  }
  if (member)
    vm_member_receive (member, signal);
  else if (signal->type == VM_SIGNAL_HELLO)
    return come_in (rooms, peer, signal);
  return member;
}

/* What one connection says, a message a line, in a meeting with two others. */
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
  Peer peers[3] = { 0 };
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  VmRooms *rooms = vm_rooms_new (&funcs, &next);
  VmMember *host, *member = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i].state = vm_dialect_native.state_new ();
  vm_room_announced (vm_rooms_open (rooms, &config, &peers[0], &host, NULL));
  come_in (rooms, &peers[1], hello);
  for (guint i = 0; lines[i] && !peers[2].closed; i++)
    member = take (rooms, &peers[2], member, lines[i]);
  g_assert_false (peers[0].closed);
  g_assert_false (peers[1].closed);
  vm_rooms_free (rooms);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    vm_dialect_native.state_free (peers[i].state);
}
