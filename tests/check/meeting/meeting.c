/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two devices in one process: one hosts a meeting, the other joins it, and they
 * exchange what WebRTC needs. Real sockets, on loopback only. */

#include "program.h"
#include "support/net/cutter.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>

static void
meet (void)
{
  host ();
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
}

GST_START_TEST (test_call)
{
  meet ();
  heard (&a, "joined:p001 announced +p002 active");
  heard (&b, "joined:p002 +p001 active");
  fail_unless (vm_meeting_get_hosting (a.meeting));
  fail_if (vm_meeting_get_hosting (b.meeting));
  fail_unless_equals_string (
      vm_meeting_get_id (a.meeting), vm_meeting_get_id (b.meeting));
  fail_unless_equals_string (vm_participant_get_user (a.other), "Bob");
  fail_unless_equals_string (vm_participant_get_user (b.other), "Ann");
  fail_unless_equals_string (vm_participant_get_device (a.other), "box");
  fail_unless_equals_string (vm_participant_get_device_id (b.other),
      vm_identity_get_device_id (vm_node_get_identity (a.node)));
  fail_unless (vm_participant_get_host (b.other));
  fail_if (vm_participant_get_host (a.other));

  /* who was there first offers */
  fail_unless (vm_meeting_offers_to (a.meeting, a.other));
  fail_if (vm_meeting_offers_to (b.meeting, b.other));
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\ns=\"offer\"\r\n", NULL, 0, "s-1", 1, NULL);
  vm_meeting_send_candidate (
      a.meeting, a.other, "candidate:1", 0, "audio0", "s-1", 1);
  vm_meeting_send_candidate (a.meeting, a.other, "", -1, NULL, "s-1", 1);
  WAIT_FOR (has (&b, "candidate::"));
  heard (&b, "offer:s-1:1 candidate:candidate:1:0:audio0:s-1:1 "
             "candidate::-1::s-1:1");
  fail_unless_equals_string (b.sdp, "v=0\r\ns=\"offer\"\r\n");
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "s-1", 1, NULL);
  vm_meeting_send_restart (b.meeting, b.other, "ice");
  WAIT_FOR (has (&a, "restart"));
  heard (&a, "answer:s-1:1 restart:ice");
  fail_unless_equals_string (a.sdp, "v=1");

  vm_meeting_set_participant_state (
      a.meeting, a.other, VM_PARTICIPANT_EVENT_CONNECTED, NULL);
  heard (&a, "connected");
  fail_unless_equals_int (
      vm_participant_get_state (a.other), VM_PARTICIPANT_STATE_CONNECTED);
}

GST_END_TEST;

static gchar *
all_servers (Device *device)
{
  g_auto (GStrv) all = NULL;

  g_object_get (device->meeting, "all-ice-servers", &all, NULL);
  return g_strjoinv (" ", all);
}

/* protocol/signalling.md#messages: `offer {sdp, candidates}`. */
GST_START_TEST (test_candidates_within_an_offer)
{
  static const gchar *const candidates[] = { "candidate:1", "candidate:2",
    NULL };

  meet ();
  g_string_truncate (b.heard, 0);
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0", candidates, 2, "s-1", 1, NULL);
  WAIT_FOR (has (&b, "candidate:2"));
  heard (&b, "offer:s-1:1 candidate:candidate:1:2::s-1:1 "
             "candidate:candidate:2:2::s-1:1");
}

GST_END_TEST;

GST_START_TEST (test_ice_servers)
{
  const gchar *const of_host[] = { "stun://10.0.0.1",
    "turn://ann:secret@10.0.0.1:3478?transport=tcp", NULL };
  const gchar *const of_guest[] = { "stun://10.0.0.2:1", NULL };
  g_autofree gchar *ours = NULL;
  g_autofree gchar *theirs = NULL;

  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "ice-servers", of_host, NULL);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  g_object_set (b.meeting, "ice-servers", of_guest, NULL);
  start (&b);
  WAIT_FOR (has (&b, "joined"));
  ours = all_servers (&a);
  theirs = all_servers (&b);
  fail_unless_equals_string (ours,
      "stun://10.0.0.1:3478 turn://ann:secret@10.0.0.1:3478?transport=tcp");
  fail_unless_equals_string (theirs,
      "stun://10.0.0.2:1 stun://10.0.0.1:3478 "
      "turn://ann:secret@10.0.0.1:3478?transport=tcp");
}

GST_END_TEST;

GST_START_TEST (test_ice_servers_refused)
{
  const gchar *const servers[] = { "turn://ann:secret@10.0.0.1?x", NULL };
  g_autoptr (GError) error = NULL;

  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "ice-servers", servers, NULL);
  fail_if (vm_meeting_start (a.meeting, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  fail_if (strstr (error->message, "secret"), "%s", error->message);
}

GST_END_TEST;

static GMutex log_lock; /* of what follows; vm-net logs as well */
static GString *logged;

static void
on_log (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer data)
{
  g_mutex_lock (&log_lock);
  if (g_str_has_prefix (message, "participant p002"))
    g_string_append_printf (logged, "%s\n", message);
  g_mutex_unlock (&log_lock);
}

/* Each step once, with what it came from; what is no step, too. */
GST_START_TEST (test_steps_of_a_participant_are_logged)
{
  const VmParticipantEvent events[] = { VM_PARTICIPANT_EVENT_CONNECTED,
    VM_PARTICIPANT_EVENT_CONNECTED, VM_PARTICIPANT_EVENT_FAILS };
  guint handler;

  meet ();
  logged = g_string_new (NULL);
  handler = g_log_set_handler ("videomeet", G_LOG_LEVEL_DEBUG, on_log, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    vm_meeting_set_participant_state (a.meeting, a.other, events[i], NULL);
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "idle"));
  g_log_remove_handler ("videomeet", handler);
  fail_unless_equals_string (logged->str,
      "participant p002: connecting → connected (connected)\n"
      "participant p002: connected while connected\n"
      "participant p002: fails while connected\n"
      "participant p002: connected → disconnected (leaves)\n");
  g_string_free (logged, TRUE);
}

GST_END_TEST;

/* Everybody sees the same: who came second has the mark, as the host's
 * namesake has. */
GST_START_TEST (test_namesakes)
{
  host ();
  device_open (&b, VM_MEETING_MODE_JOIN);
  g_object_set (b.meeting, "user", "\xef\xbc\xa1nn", NULL); /* a wide A */
  use_uri (&b, "standup");
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  fail_unless_equals_string (
      vm_participant_get_user (a.other), "\xef\xbc\xa1nn (2)");
  fail_unless_equals_string (vm_participant_get_user (b.other), "Ann");
  device_open (&c, VM_MEETING_MODE_JOIN);
  g_object_set (c.meeting, "user", "Ann", NULL);
  use_uri (&c, "standup");
  start (&c);
  WAIT_FOR (find (&a, "p003") && find (&b, "p003") && find (&c, "p002"));
  fail_unless_equals_string (
      vm_participant_get_user (find (&a, "p003")), "Ann (3)");
  fail_unless_equals_string (
      vm_participant_get_user (find (&b, "p003")), "Ann (3)");
  fail_unless_equals_string (
      vm_participant_get_user (find (&c, "p001")), "Ann");
  fail_unless_equals_string (
      vm_participant_get_user (vm_meeting_get_self (c.meeting)), "Ann (3)");
  fail_unless_equals_string (
      vm_participant_get_user (find (&c, "p002")), "\xef\xbc\xa1nn (2)");
}

GST_END_TEST;

GST_START_TEST (test_guest_leaves)
{
  meet ();
  g_string_truncate (a.heard, 0);
  g_string_truncate (b.heard, 0);
  vm_meeting_stop (b.meeting);
  heard (&b, "disconnected -p001");
  WAIT_FOR (has (&a, "idle"));
  heard (&a, "disconnected -p002 idle");
  vm_meeting_stop (b.meeting);
  heard (&b, "");
}

GST_END_TEST;

GST_START_TEST (test_host_ends)
{
  meet ();
  g_string_truncate (a.heard, 0);
  g_string_truncate (b.heard, 0);
  vm_meeting_stop (a.meeting);
  heard (&a, "disconnected -p002 idle ended");
  WAIT_FOR (has (&b, "ended"));
  heard (&b, "disconnected -p001 idle ended");
  fail_if (b.error);
}

GST_END_TEST;

GST_START_TEST (test_host_leaves_alone)
{
  host ();
  vm_meeting_stop (a.meeting);
  heard (&a, "joined:p001 announced ended");
  fail_unless_equals_int (
      vm_meeting_get_state (a.meeting), VM_MEETING_STATE_ENDED);
  fail_unless_equals_int (vm_node_get_port (a.node), 0);
}

GST_END_TEST;

GST_START_TEST (test_over_tls)
{
  g_object_set (a.node, "interfaces", "", NULL);
  meet ();
  {
    g_autofree gchar *link = NULL;

    g_object_get (b.meeting, "link", &link, NULL);
    fail_unless (g_str_has_prefix (link, "https://127.0.0.1:"), "%s", link);
    fail_unless (g_str_has_suffix (link, "/?meeting=standup"), "%s", link);
  }
}

GST_END_TEST;

/* The same names with another key, which @a has from now on. */
static void
change_key (void)
{
  device_clear (&a);
  device_init (&a, "Ann");
  g_object_set (a.node, "interfaces", "", NULL);
}

static void
leave (Device *device)
{
  vm_meeting_stop (device->meeting);
  g_clear_object (&device->other);
  g_clear_object (&device->meeting);
  g_string_truncate (device->heard, 0);
}

static void
join_fails (const gchar *meeting, const gchar *pin, gint code)
{
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, meeting);
  g_object_set (b.meeting, "pin", pin, NULL);
  start (&b);
  WAIT_FOR (has (&b, "ended"));
  heard (&b, "failed ended");
  g_assert_error (b.error, VM_ERROR, code);
  g_clear_object (&b.meeting);
}

/* The host hides its names in GET /status and tells them to guests. */
GST_START_TEST (test_another_key_of_a_hidden_host)
{
  g_object_set (a.node, "interfaces", "", NULL);
  meet ();
  leave (&b);
  change_key ();
  host ();
  join_fails ("standup", NULL, VM_ERROR_KEY_CHANGED);
}

GST_END_TEST;

GST_START_TEST (test_another_key)
{
  g_autoptr (VmTrustStore) store = vm_trust_store_new (b.folder);
  g_autoptr (VmKnownDevice) old = NULL;
  g_autofree gchar *line = NULL;

  g_object_set (a.node, "interfaces", "", "announce", VM_ANNOUNCE_FULL, NULL);
  meet ();
  leave (&b);
  change_key ();
  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, NULL);
  host ();
  join_fails ("standup", NULL, VM_ERROR_KEY_CHANGED);
  old = vm_trust_store_forget (store, "Ann", NULL);
  fail_unless (old != NULL);
  line = g_strconcat ("videomeet forget ", old->device_id, NULL);
  fail_unless (strstr (b.error->message, line) != NULL, "%s", b.error->message);
  /* the host has not seen who was told off */
  fail_if (has (&a, "+p002"));

  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  start (&b);
  WAIT_FOR (has (&b, "active"));
}

GST_END_TEST;

GST_START_TEST (test_another_key_by_name)
{
  g_object_set (a.node, "interfaces", "", "announce", VM_ANNOUNCE_FULL, NULL);
  meet ();
  leave (&b);
  change_key ();
  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, NULL);
  host ();
  know (&b, &a);
  device_open (&b, VM_MEETING_MODE_JOIN);
  start (&b);
  WAIT_FOR (has (&b, "ended"));
  heard (&b, "failed ended");
  g_assert_error (b.error, VM_ERROR, VM_ERROR_KEY_CHANGED);
}

GST_END_TEST;

/* Two processes of one user are one device: nothing is remembered. */
GST_START_TEST (test_own_key)
{
  g_autoptr (VmTrustStore) store = vm_trust_store_new (a.folder);
  g_autoptr (GPtrArray) known = NULL;

  g_clear_object (&b.node);
  b.node = vm_node_new (a.folder);
  g_object_set (b.node, "user", "Ann", "device", "box", "announce",
      VM_ANNOUNCE_OFF, "methods", VM_METHODS_NONE, "interfaces", "", "port", 0,
      NULL);
  g_object_set (a.node, "interfaces", "", NULL);
  meet ();
  fail_unless_equals_string (vm_participant_get_device_id (a.other),
      vm_participant_get_device_id (vm_meeting_get_self (a.meeting)));
  known = vm_trust_store_list (store);
  fail_unless_equals_int (known->len, 0);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "pin", "123456", NULL);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
  join_fails ("other", NULL, VM_ERROR_MEETING_NOT_FOUND);
  join_fails ("standup", NULL, VM_ERROR_WRONG_PIN);
  join_fails ("standup", "654321", VM_ERROR_WRONG_PIN);
}

GST_END_TEST;

GST_START_TEST (test_full)
{
  Device c;

  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "max-participants", 2, NULL);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
  device_init (&c, "Carl");
  device_open (&c, VM_MEETING_MODE_JOIN);
  use_uri (&c, "standup");
  start (&c);
  WAIT_FOR (has (&c, "active"));
  join_fails ("standup", NULL, VM_ERROR_MEETING_FULL);
  device_clear (&c);
}

GST_END_TEST;

static gboolean
enters_at (VmMeeting *meeting, const gchar *expected)
{
  g_autofree gchar *link = NULL;

  g_object_get (meeting, "link", &link, NULL);
  return g_strcmp0 (link, expected) == 0;
}

GST_START_TEST (test_nobody_there)
{
  static const gchar *const cases[][2] = {
    { "videomeet://127.0.0.1:1/some/meet/standup",
        "https://127.0.0.1:1/some/meet/?meeting=standup" },
    { "videomeet://[fe80::1%25none]:1/standup",
        "https://[fe80::1%25none]:1/?meeting=standup" }
  };

  device_open (&b, VM_MEETING_MODE_JOIN);
  g_object_set (b.meeting, "uri", cases[__i__][0], NULL);
  fail_unless (enters_at (b.meeting, NULL)); /* nowhere yet */
  start (&b);
  WAIT_FOR (enters_at (b.meeting, cases[__i__][1]));
  WAIT_FOR (has (&b, "ended"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

GST_START_TEST (test_nobody_found)
{
  device_open (&b, VM_MEETING_MODE_JOIN);
  g_object_set (b.meeting, "join-timeout", 300, NULL);
  start (&b);
  WAIT_FOR (has (&b, "ended"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND);
  fail_unless (strstr (b.error->message, "standup") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_bad_starts)
{
  const gchar *uris[] = { "videomeet://host", "videomeet://host/", "http://h/m",
    "nonsense", "videomeet:///m" };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++) {
    g_autoptr (GError) error = NULL;

    device_open (&b, VM_MEETING_MODE_JOIN);
    g_object_set (b.meeting, "uri", uris[i], NULL);
    fail_if (vm_meeting_start (b.meeting, &error), "%s", uris[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
    g_clear_object (&b.meeting);
  }
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;

    device_open (&b, VM_MEETING_MODE_HOST);
    g_object_set (
        b.meeting, "name", i ? NULL : "standup", "pin", i ? NULL : "123", NULL);
    fail_if (vm_meeting_start (b.meeting, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
    g_clear_object (&b.meeting);
  }
  heard (&b, "");
}

GST_END_TEST;

GST_START_TEST (test_join_by_name)
{
  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, NULL);
  host ();
  know (&b, &a);
  device_open (&b, VM_MEETING_MODE_JOIN);
  start (&b);
  WAIT_FOR (has (&b, "active"));
  fail_if (vm_meeting_get_hosting (b.meeting));
}

GST_END_TEST;

static void
host_behind_pin (Device *device, const gchar *pin)
{
  device_open (device, VM_MEETING_MODE_HOST);
  g_object_set (device->meeting, "pin", pin, NULL);
  start (device);
  WAIT_FOR (has (device, "announced"));
}

static void
join_with_pin (const gchar *pin)
{
  device_open (&b, VM_MEETING_MODE_JOIN);
  g_object_set (
      b.meeting, "pin", pin, "join-timeout", 10 * WAIT_SECONDS * 1000, NULL);
  start (&b);
}

/* Hidden or not, the host has said no: that is not to be waited for. */
GST_START_TEST (test_wrong_pin_by_name)
{
  g_object_set (
      a.node, "announce", __i__ ? VM_ANNOUNCE_FULL : VM_ANNOUNCE_MINIMAL, NULL);
  host_behind_pin (&a, "123456");
  know (&b, &a);
  join_with_pin ("654321");
  WAIT_FOR (has (&b, "ended"));
  heard (&b, "failed ended");
  g_assert_error (b.error, VM_ERROR, VM_ERROR_WRONG_PIN);
}

GST_END_TEST;

/* Whichever of two meetings of one name is asked first. */
GST_START_TEST (test_pin_of_the_other_host)
{
  g_autofree gchar *peers = NULL;

  g_object_set (a.node, "announce", VM_ANNOUNCE_MINIMAL, NULL);
  g_object_set (c.node, "announce", VM_ANNOUNCE_MINIMAL, NULL);
  host_behind_pin (&a, "123456");
  host_behind_pin (&c, "654321");
  know (&b, &a);
  peers = g_strdup_printf ("127.0.0.1:%u,127.0.0.1:%u",
      vm_node_get_port (a.node), vm_node_get_port (c.node));
  g_object_set (b.node, "peers", peers, NULL);
  device_open (&b, VM_MEETING_MODE_JOIN);
  /* the second is found late on a busy machine */
  g_object_set (b.meeting, "pin", __i__ ? "123456" : "654321", "browse-time",
      WAIT_SECONDS * 1000, NULL);
  start (&b);
  WAIT_FOR (has (&b, "active") || has (&b, "ended"));
  heard (__i__ ? &a : &c, "joined:p001 announced +p002 active");
  heard (&b, "joined:p002 +p001 active");
}

GST_END_TEST;

/* How many addresses of the host are known, when @first is to be tried
 * first. */
static guint
count_addresses (const gchar *first)
{
  GList *devices = vm_node_list_devices (b.node);
  guint n = 0;

  if (devices) {
    const gchar *const *addresses = vm_device_get_addresses (devices->data);

    if (g_strcmp0 (addresses[0], first) == 0)
      n = g_strv_length ((gchar **) addresses);
  }
  g_list_free_full (devices, g_object_unref);
  return n;
}

/* A device has two addresses, and the one that it answered at leads nowhere any
 * more: it closes the connection, or says nothing at all. */
GST_START_TEST (test_second_address)
{
  g_autofree gchar *peers = NULL;
  Cutter *ways[2];
  guint16 port;

  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, NULL);
  host ();
  port = vm_node_get_port (a.node);
  ways[0] = cutter_new_at ("127.0.0.2", port, port);
  ways[1] = cutter_new_at ("127.0.0.3", port, port);
  cutter_refuse (ways[1], TRUE);
  know (&b, &a);
  peers = g_strdup_printf ("127.0.0.2:%u,127.0.0.3:%u", port, port);
  g_object_set (b.node, "peers", peers, NULL);
  fail_unless (vm_node_start (b.node, VM_NODE_ROLES_BROWSE, NULL));
  WAIT_FOR (count_addresses ("127.0.0.2") == 1);
  cutter_refuse (ways[1], FALSE);
  WAIT_FOR (count_addresses ("127.0.0.2") == 2);

  if (__i__)
    cutter_silence (ways[0]);
  else
    cutter_refuse (ways[0], TRUE);
  cutter_cut (ways[0]);
  device_open (&b, VM_MEETING_MODE_JOIN);
  /* so long for silence, and as long again twice for the other way */
  b.meeting->step_timeout = WAIT_SECONDS * 1000 / 4;
  start (&b);
  WAIT_FOR (has (&b, "active"));
  heard (&b, "joined:p002 +p001 active");
  heard (&a, "joined:p001 announced +p002 active");
  vm_meeting_stop (b.meeting);
  vm_node_stop (b.node, VM_NODE_ROLES_BROWSE);
  for (guint i = 0; i < 2; i++)
    cutter_free (ways[i]);
}

GST_END_TEST;

GST_START_TEST (test_auto_joins)
{
  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, NULL);
  host ();
  know (&b, &a);
  device_open (&b, VM_MEETING_MODE_AUTO);
  g_object_set (b.meeting, "browse-time", WAIT_SECONDS * 1000, NULL);
  start (&b);
  WAIT_FOR (has (&b, "active"));
  fail_if (vm_meeting_get_hosting (b.meeting));
}

GST_END_TEST;

GST_START_TEST (test_auto_hosts)
{
  device_open (&b, VM_MEETING_MODE_AUTO);
  g_object_set (b.meeting, "browse-time", 100, NULL);
  start (&b);
  WAIT_FOR (has (&b, "announced"));
  fail_unless (vm_meeting_get_hosting (b.meeting));
}

GST_END_TEST;

GST_START_TEST (test_two_hosts_meet)
{
  Device *stays, *yields;

  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    g_object_set (d->node, "announce", VM_ANNOUNCE_FULL, NULL);
    /* a port before the other needs it */
    fail_unless (vm_node_start (d->node, VM_NODE_ROLES_SERVE, NULL));
  }
  stays = strcmp (vm_identity_get_device_id (vm_node_get_identity (a.node)),
              vm_identity_get_device_id (vm_node_get_identity (b.node)))
                  < 0
              ? &a
              : &b;
  yields = stays == &a ? &b : &a;
  know (&a, &b);
  know (&b, &a);
  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    device_open (d, VM_MEETING_MODE_AUTO);
    g_object_set (d->meeting, "browse-time", 0, NULL);
    start (d);
  }
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  fail_unless (vm_meeting_get_hosting (stays->meeting));
  fail_if (vm_meeting_get_hosting (yields->meeting));
  fail_if (has (yields, "ended"));
  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    vm_meeting_stop (d->meeting);
    vm_node_stop (d->node, VM_NODE_ROLES_SERVE);
  }
}

GST_END_TEST;

GST_START_TEST (test_ids_in_order)
{
  fail_unless (vm_participant_id_is_earlier ("p001", "p002"));
  fail_if (vm_participant_id_is_earlier ("p002", "p001"));
  fail_if (vm_participant_id_is_earlier ("p001", "p001"));
  fail_unless (vm_participant_id_is_earlier ("p999", "p1000"));
  fail_if (vm_participant_id_is_earlier ("p1000", "p999"));
}

GST_END_TEST;

/* A guest on a thread with a context of its own, both of which end. */
typedef struct
{
  gint done; /* atomic */
  gboolean settled;
  gboolean context_is_gone;
} Guest;

static void
on_context_gone (gpointer data)
{
  g_atomic_int_set ((gint *) data, TRUE);
  g_main_context_wakeup (NULL);
}

static gboolean
never (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static gpointer
guest_thread (gpointer data)
{
  Guest *guest = data;
  GMainContext *context = g_main_context_new ();
  GSource *witness = g_timeout_source_new_seconds (G_MAXINT);

  g_source_set_callback (
      witness, never, &guest->context_is_gone, on_context_gone);
  g_source_attach (witness, context);
  g_source_unref (witness);
  g_main_context_push_thread_default (context);
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  if (vm_meeting_start (b.meeting, NULL)) {
    while (!has (&b, "active") && !has (&b, "failed"))
      g_main_context_iteration (context, TRUE);
  }
  vm_meeting_stop (b.meeting);
  g_clear_object (&b.meeting);
  guest->settled = vm_meeting_settle (WAIT_SECONDS * 1000);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  g_atomic_int_set (&guest->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

/* Nothing that closes refers to the context any more, so that it is freed. */
GST_START_TEST (test_context_that_ends)
{
  Guest guest = { 0 };
  GThread *thread;

  g_object_set (a.node, "interfaces", "", NULL); /* by TLS */
  host ();
  thread = g_thread_new ("guest", guest_thread, &guest);
  WAIT_FOR (g_atomic_int_get (&guest.done));
  g_thread_join (thread);
  fail_unless (has (&b, "active"), "%s: %s", b.heard->str,
      b.error ? b.error->message : "no error");
  fail_unless (guest.settled);
  /* the last to let go of it may be a worker of GLib */
  WAIT_FOR (g_atomic_int_get (&guest.context_is_gone));
  WAIT_FOR (has (&a, "-p002"));
}

GST_END_TEST;

/* A meeting that goes on is something to wait for. */
GST_START_TEST (test_nothing_settles_while_a_meeting_goes_on)
{
  meet ();
  fail_if (vm_meeting_settle (0));
  leave (&b);
  leave (&a);
  fail_unless (vm_meeting_settle (WAIT_SECONDS * 1000));
}

GST_END_TEST;

static Suite *
meeting_suite (void)
{
  Suite *s = suite_create ("meeting");
  TCase *tc = tcase_create ("meeting");
  TCase *three = tcase_create ("three");

  suite_add_tcase (s, tc);
  suite_add_tcase (s, three);
  tcase_add_checked_fixture (three, setup_three, teardown_three);
  tcase_add_test (three, test_namesakes);
  tcase_add_loop_test (three, test_pin_of_the_other_host, 0, 2);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_call);
  tcase_add_test (tc, test_candidates_within_an_offer);
  tcase_add_test (tc, test_ice_servers);
  tcase_add_test (tc, test_ice_servers_refused);
  tcase_add_test (tc, test_steps_of_a_participant_are_logged);
  tcase_add_test (tc, test_guest_leaves);
  tcase_add_test (tc, test_host_ends);
  tcase_add_test (tc, test_host_leaves_alone);
  tcase_add_test (tc, test_over_tls);
  tcase_add_test (tc, test_another_key);
  tcase_add_test (tc, test_another_key_of_a_hidden_host);
  tcase_add_test (tc, test_another_key_by_name);
  tcase_add_test (tc, test_own_key);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_full);
  tcase_add_loop_test (tc, test_nobody_there, 0, 2);
  tcase_add_test (tc, test_nobody_found);
  tcase_add_test (tc, test_bad_starts);
  tcase_add_test (tc, test_join_by_name);
  tcase_add_loop_test (tc, test_wrong_pin_by_name, 0, 2);
  tcase_add_loop_test (tc, test_second_address, 0, 2);
  tcase_add_test (tc, test_auto_joins);
  tcase_add_test (tc, test_auto_hosts);
  tcase_add_test (tc, test_two_hosts_meet);
  tcase_add_test (tc, test_ids_in_order);
  tcase_add_test (tc, test_context_that_ends);
  tcase_add_test (tc, test_nothing_settles_while_a_meeting_goes_on);
  return s;
}

CHECK_PROGRAM (meeting)
