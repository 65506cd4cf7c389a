/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/server/http/joinbody.h>
#include <gst/videomeet/room/rooms.h>

#include <string.h>

static void
on_send (gpointer peer, const VmSignal *signal, gpointer user_data)
{
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
}

static void
on_changed (VmRoom *room, gpointer user_data)
{
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, 7, size);
}

/* The body of POST /meetings/join, up to the ticket. */
void
fuzz_one (const guint8 *data, gsize size)
{
  static const VmRoomsFuncs funcs = { .send = on_send,
    .close = on_close,
    .changed = on_changed,
    .random = on_random };
  const VmRoomConfig config = {
    .name = "standup", .user = "Ann", .pin = "123456", .max_participants = 3
  };
  g_auto (VmJoinBody) body = { NULL };
  g_autoptr (VmRooms) rooms = vm_rooms_new (&funcs, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ticket = NULL;
  VmMember *host;
  VmJoin request = { 0 };

  g_assert_nonnull (vm_rooms_open (rooms, &config, rooms, &host, NULL));
  if (!vm_join_body_read (&body, (const gchar *) data, size, &error)) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    return;
  }
  request.meeting = body.meeting;
  request.user = body.user;
  request.device_id = body.device_id;
  request.pin = body.pin;
  request.call_type = body.call_type;
  request.group = "10.0.0.1";
  if (!vm_rooms_join (rooms, &request, 0, &ticket, &error)) {
    g_assert_nonnull (error);
    return;
  }
  g_assert_nonnull (ticket);
  g_assert_cmpstr (body.meeting, ==, "standup");
  g_assert_cmpstr (body.pin, ==, "123456");
  g_assert_true (vm_text_is_name (body.user, VM_NAME_MAX));
}
