/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Open rooms over a restart, in the model: who has which seat afterwards, and
 * for how long; and what a line keeps. */

#include "program.h"
#include "support/roompeer.h"

#include <gst/videomeet/room/roomsave.h>
#include <string.h>

static const VmOpenRooms open = { 3, 8, 8, 8 };
static Peer *found; /* by peer_of(), one after the other */
static guint mesh_max; /* 0: there is no SFU */
static gint wanted; /* of it; -1: nobody has said */

static void
begin (void)
{
  dice = dice ? dice : 1;
  rooms = vm_rooms_new (&room_funcs, NULL);
  vm_rooms_set_open (rooms, &open);
  if (mesh_max) {
    const VmRoomsSfu sfu = { mesh_max, VM_SFU_FEW_TIME };

    vm_rooms_set_sfu (rooms, &sfu);
    vm_rooms_set_sfu_reached (rooms, TRUE, now);
  }
}

static void
set_up (void)
{
  now = 1000 * SECOND;
  dice = 0;
  begin ();
}

static void
tear_down (void)
{
  g_clear_pointer (&rooms, vm_rooms_free);
}

static GVariant *
line_of (gpointer peer)
{
  g_autoptr (VmLine) line = vm_line_new (&vm_dialect_native);

  return vm_line_save (line);
}

static gpointer
peer_of (VmMember *member, GVariant *line, gpointer user_data)
{
  Peer *peer = found++;

  fail_unless (g_variant_is_of_type (line, G_VARIANT_TYPE (VM_LINE_SAVED)));
  peer_init (peer);
  peer->member = member;
  return peer;
}

static void
come (Peer *peer, const gchar *meeting)
{
  g_autofree gchar *ticket = ask (meeting, NULL, "a", NULL);

  peer_init (peer);
  fail_unless (sit (peer, ticket, NULL));
}

/* The server ends and another one begins, @later µs. */
static gboolean
restart (Peer *peers, gint64 later)
{
  g_autoptr (GVariant) saved = vm_rooms_save (rooms, now, line_of);
  gint64 lost_at = now;

  vm_rooms_clear_open (rooms);
  tear_down ();
  begin ();
  now += later;
  found = peers;
  return vm_rooms_restore (rooms, saved, lost_at, peer_of, NULL);
}

static void
on_want (VmRoom *of, gboolean want, gpointer user_data)
{
  wanted = want;
}

/* The room at the SFU was the last server's: the next one makes another, which
 * all are told; where it cannot, that it is a mesh. */
GST_START_TEST (test_by_an_sfu)
{
  Peer before[3], after[3];
  VmRoom *blue;

  mesh_max = 2;
  wanted = -1;
  takes_sfu = TRUE;
  room_funcs.want_sfu = on_want;
  tear_down ();
  begin ();
  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    come (&before[i], "blue");
  vm_room_sfu_made (vm_rooms_find (rooms, "blue"), 1);
  fail_unless (restart (after, 0));
  fail_unless_equals_int (wanted, TRUE);
  blue = vm_rooms_find (rooms, "blue");
  fail_unless_equals_int (vm_room_get_topology (blue), VM_TOPOLOGY_ASKED);
  vm_room_sfu_made (blue, 2);
  for (guint i = 0; i < G_N_ELEMENTS (after); i++) {
    heard (&after[i], "sfu:on");
    fail_unless_equals_int64 (after[i].last->sfu_room, 2);
    peer_clear (&before[i]);
    before[i] = after[i];
  }

  fail_unless (restart (after, 0));
  vm_rooms_set_sfu_reached (rooms, FALSE, now);
  now += VM_SFU_LOST_TIME;
  vm_rooms_tick (rooms, now);
  for (guint i = 0; i < G_N_ELEMENTS (after); i++)
    fail_unless (strstr (after[i].heard->str, "sfu:off") != NULL);
  fail_unless_equals_int (wanted, FALSE);
  tear_down ();
  for (guint i = 0; i < G_N_ELEMENTS (after); i++) {
    peer_clear (&before[i]);
    peer_clear (&after[i]);
  }
  mesh_max = 0;
  takes_sfu = FALSE;
}

GST_END_TEST;

GST_START_TEST (test_seats)
{
  Peer ann, bob, after[2];
  g_autofree gchar *id = NULL;
  g_autoptr (GError) error = NULL;
  VmMember *member;

  come (&ann, "blue");
  come (&bob, "blue");
  id = g_strdup (vm_room_get_id (vm_rooms_find (rooms, "blue")));
  say (&ann, VM_SIGNAL_LOCK, NULL);
  {
    g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);

    lock->locked = TRUE;
    vm_member_receive (ann.member, lock);
  }
  fail_unless (restart (after, SECOND));
  fail_unless_equals_int (found - after, 2);
  fail_unless (vm_rooms_has_id (rooms, id));
  fail_unless_equals_int (vm_rooms_count_members (rooms), 2);

  member = vm_rooms_find_lost (rooms, bob.token, NULL, now, &error);
  g_assert_no_error (error);
  fail_unless_equals_string (vm_member_get_id (member), "p002");
  fail_unless (member == after[1].member);
  vm_member_resume (member, bob.token, "a");
  vm_member_resumed (member);
  heard (&after[1], "welcome:active");
  fail_unless (after[1].last->resumed);
  fail_unless (after[1].last->locked);
  fail_unless_equals_string (after[1].last->moderator, "p001");
  {
    const VmSignalParticipant *other =
        g_ptr_array_index (after[1].last->participants, 0);

    fail_unless_equals_int (after[1].last->participants->len, 1);
    fail_unless_equals_string (other->id, "p001");
    fail_unless_equals_string (other->user, "Bob");
    fail_unless_equals_string (other->device, "phone");
    fail_unless_equals_string (other->device_id, "BBBB");
    fail_unless_equals_string (other->nonce, "bm9uY2U=");
    fail_unless_equals_int (other->call_type, VM_CALL_TYPE_AUDIO);
  }
  /* numbers are not given twice */
  member = vm_rooms_find_lost (rooms, ann.token, NULL, now, &error);
  vm_member_resume (member, ann.token, "a");
  {
    g_autoptr (VmSignal) lock = vm_signal_new (VM_SIGNAL_LOCK);
    Peer carl;

    vm_member_receive (member, lock);
    come (&carl, "blue");
    fail_unless_equals_string (vm_member_get_id (carl.member), "p003");
    vm_rooms_clear_open (rooms);
    peer_clear (&carl);
  }
  peer_clear (&ann);
  peer_clear (&bob);
  peer_clear (&after[0]);
  peer_clear (&after[1]);
}

GST_END_TEST;

GST_START_TEST (test_who_does_not_return)
{
  Peer ann, bob, after[2];
  g_autoptr (GError) error = NULL;
  VmMember *member;

  come (&ann, "blue");
  come (&bob, "blue");
  vm_member_lose (bob.member, now);
  now += 10 * SECOND;
  fail_unless (restart (after, SECOND));
  member = vm_rooms_find_lost (rooms, ann.token, NULL, now, &error);
  vm_member_resume (member, ann.token, "a");
  g_string_truncate (after[0].heard, 0);
  /* the time before counts as well */
  now += VM_RESUME_TIME - 11 * SECOND - 1;
  vm_rooms_tick (rooms, now);
  fail_if (after[1].closed);
  now++;
  vm_rooms_tick (rooms, now);
  fail_unless (after[1].closed);
  heard (&after[0],
      "participant-state:detached participant-left meeting-state:active");
  vm_rooms_clear_open (rooms);
  peer_clear (&ann);
  peer_clear (&bob);
  peer_clear (&after[0]);
  peer_clear (&after[1]);
}

GST_END_TEST;

GST_START_TEST (test_who_cannot_resume)
{
  Peer ann, web, alone, after[1];
  const VmJoin blue = { .meeting = "blue", .group = "w" };
  const VmJoin red = { .meeting = "red", .group = "w" };

  come (&ann, "blue");
  peer_init (&web);
  peer_init (&alone);
  web.member = vm_rooms_enter (rooms, &blue, "w", NULL, &web, now, NULL);
  alone.member = vm_rooms_enter (rooms, &red, "v", NULL, &alone, now, NULL);
  g_string_truncate (ann.heard, 0);
  fail_unless (restart (after, SECOND));
  heard (&ann, "participant-left meeting-state:active");
  fail_unless (web.closed && alone.closed);
  fail_unless_equals_int (vm_rooms_count (rooms), 1);
  fail_unless_equals_int (found - after, 1);
  vm_rooms_clear_open (rooms);
  peer_clear (&ann);
  peer_clear (&web);
  peer_clear (&alone);
  peer_clear (&after[0]);
}

GST_END_TEST;

GST_START_TEST (test_hosted_meetings_end)
{
  peer_init (&host);
  open_room (NULL, 3);
  {
    g_autoptr (GVariant) saved = vm_rooms_save (rooms, now, line_of);

    fail_unless_equals_int (g_variant_n_children (saved), 0);
  }
  peer_clear (&host);
}

GST_END_TEST;

GST_START_TEST (test_what_nobody_saved)
{
  g_autoptr (GVariant) other = g_variant_ref_sink (g_variant_new ("(s)", "a"));
  guint8 bytes[256];
  guint restored = 0;

  fail_if (vm_rooms_restore (rooms, other, now, peer_of, NULL));
  for (guint seed = 0; seed < 256; seed++) {
    g_autoptr (GBytes) noise = NULL;
    g_autoptr (GVariant) saved = NULL;

    for (guint i = 0; i < sizeof bytes; i++)
      bytes[i] = (guint8) (seed * 31 + i * i * 7 + (i >> 3) * seed);
    noise = g_bytes_new (bytes, sizeof bytes);
    saved = g_variant_ref_sink (g_variant_new_from_bytes (
        G_VARIANT_TYPE (VM_ROOMS_SAVED), noise, FALSE));
    restored += vm_rooms_restore (rooms, saved, now, peer_of, NULL);
  }
  fail_unless_equals_int (restored, 0);
  fail_unless_equals_int (vm_rooms_count (rooms), 0);
}

GST_END_TEST;

GST_START_TEST (test_line)
{
  g_autoptr (VmLine) line = vm_line_new (&vm_dialect_native);
  g_autoptr (VmLine) after = NULL;
  g_autoptr (VmSignal) chat = vm_signal_new (VM_SIGNAL_CHAT);
  g_autoptr (GVariant) saved = NULL;
  g_autoptr (GPtrArray) again = NULL;
  static const gchar first[] =
      "{\"type\":\"chat\",\"seq\":7,\"ack\":1,\"text\":\"a\"}";
  g_autoptr (GBytes) message = g_bytes_new_static (first, strlen (first));
  g_autoptr (VmSignal) heard_first = NULL, heard_again = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  const gchar *text;

  chat->text = g_strdup ("hello");
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GBytes) bytes = vm_line_format (line, chat);

    fail_unless (bytes != NULL);
  }
  heard_first = vm_line_parse (line, message, &error);
  g_assert_no_error (error);
  saved = g_variant_ref_sink (vm_line_save (line));
  after = vm_line_restore (&vm_dialect_native, saved);

  /* what came is not taken twice, and what was missed is sent as it was */
  fail_unless_equals_int64 (vm_line_get_received (after), 7);
  heard_again = vm_line_parse (after, message, &error);
  g_assert_no_error (error);
  fail_unless (heard_first && !heard_again);
  again = vm_line_resume (after, 2, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (again->len, 1);
  text = g_bytes_get_data (again->pdata[0], &size);
  fail_unless (g_strstr_len (text, size, "\"seq\":3") != NULL);
  {
    g_autoptr (GBytes) next = vm_line_format (after, chat);

    text = g_bytes_get_data (next, &size);
    fail_unless (g_strstr_len (text, size, "\"seq\":4") != NULL);
  }
}

GST_END_TEST;

static Suite *
roomsave_suite (void)
{
  Suite *s = suite_create ("roomsave");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_seats);
  tcase_add_test (tc, test_by_an_sfu);
  tcase_add_test (tc, test_who_does_not_return);
  tcase_add_test (tc, test_who_cannot_resume);
  tcase_add_test (tc, test_hosted_meetings_end);
  tcase_add_test (tc, test_what_nobody_saved);
  tcase_add_test (tc, test_line);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (roomsave)
