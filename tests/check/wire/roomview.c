/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The numbers that a client gives to those whom it sees in a room. */

#include "program.h"

#include <gst/videomeet/wire/room/roomview.h>

static VmRoomView view;

static void
setup (void)
{
  vm_room_view_init (&view);
  vm_room_view_tell_welcome (&view, "room");
}

static void
teardown (void)
{
  vm_room_view_clear (&view);
}

static void
joins (const gchar *alias, gboolean earlier, const gchar *id)
{
  VmRoomPeer *peer = vm_room_view_tell_joined (&view, alias, earlier);

  fail_unless (peer != NULL, "%s", alias);
  fail_unless_equals_string (peer->id, id);
}

/* Nobody is ever told of by the number that is this side's own. */
GST_START_TEST (test_earlier)
{
  joins ("a", TRUE, "p001");
  view.earlier = VM_ROOM_VIEW_EARLIER_MAX - 2;
  joins ("b", TRUE, "p99998");
  joins ("c", TRUE, "p99999");
  fail_unless (vm_room_view_tell_joined (&view, "d", TRUE) == NULL);
  fail_unless (vm_room_peers_find (view.peers, "p100000") == NULL);
  fail_unless_equals_int (view.peers->peers->len, 3);
  joins ("e", FALSE, "p100001");
}

GST_END_TEST;

GST_START_TEST (test_at_a_time)
{
  for (guint i = 0; i < VM_SIGNAL_ROSTER_MAX; i++) {
    g_autofree gchar *alias = g_strdup_printf ("a%u", i);

    fail_unless (vm_room_view_tell_joined (&view, alias, i % 2) != NULL);
  }
  fail_unless (vm_room_view_tell_joined (&view, "more", FALSE) == NULL);
  vm_room_view_tell_left (&view, vm_room_peers_find_alias (view.peers, "a0"));
  fail_unless (vm_room_view_tell_joined (&view, "more", FALSE) != NULL);
}

GST_END_TEST;

static Suite *
roomview_suite (void)
{
  Suite *s = suite_create ("roomview");
  TCase *tc = tcase_create ("roomview");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_earlier);
  tcase_add_test (tc, test_at_a_time);
  return s;
}

CHECK_PROGRAM (roomview)
