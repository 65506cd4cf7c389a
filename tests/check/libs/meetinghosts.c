/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two devices host a meeting of one name: the one with the lower id stays,
 * unless that would take a guest to somebody unknown. Or one of them only says
 * that it does, and keeps whoever comes waiting. */

#include "meetingdevice.h"

#include <gmodule.h>
#include <gst/videomeet/trust/vmtruststore-priv.h>
#include <gst/videomeet/vmmeeting-priv.h>
#include <gst/videomeet/wire/deviceinfo.h>
#include <libsoup/soup.h>

#include <string.h>

/* Of the steps of a guest; so long each silence is. */
#define STEP_MS 4000
#define SHORT_STEP_MS 2000 /* where nobody else is to be reached in it */
#define HOLD_MS 1200 /* a socket that lasts so long is one that is there */

/* Several servers at a time: see filequeue.c. */
G_MODULE_EXPORT const gchar *__lsan_default_suppressions (void);

const gchar *
__lsan_default_suppressions (void)
{
  return "leak:libcrypto.so\n";
}

static Device *low, *high;
static gint met; /* @high knows that @low hosts it; atomic */

/* On the node's thread. */
static void
on_device (VmNode *node, VmDevice *device, gpointer data)
{
  if (vm_device_get_meeting_id (device))
    g_atomic_int_set (&met, TRUE);
  g_main_context_wakeup (NULL);
}

/* @high hosts in mode auto, and as long as it is not told of @low. */
static void
host_high (void)
{
  g_autofree gchar *peer = NULL;

  low = strcmp (vm_identity_get_device_id (key_of (&a)),
            vm_identity_get_device_id (key_of (&b)))
                < 0
            ? &a
            : &b;
  high = low == &a ? &b : &a;
  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    /* TLS takes seconds under a sanitizer that walks whole stacks */
    g_object_set (d->node, "interfaces", "", "announce", VM_ANNOUNCE_FULL,
        "timeout", 20000, NULL);
    /* a port before the other needs it */
    fail_unless (vm_node_start (d->node, VM_NODE_ROLES_SERVE, NULL));
  }
  peer = g_strdup_printf ("127.0.0.1:%u", vm_node_get_port (low->node));
  g_object_set (high->node, "methods", VM_METHODS_MANUAL, "peers", peer, NULL);
  device_open (high, VM_MEETING_MODE_AUTO);
  g_object_set (high->meeting, "browse-time", 0, NULL);
  start (high);
  WAIT_FOR (has (high, "announced"));
}

/* Until @high has looked at it. */
static void
host_low (void)
{
  met = FALSE;
  /* called after the meeting's own */
  g_signal_connect (high->node, "device-added", G_CALLBACK (on_device), NULL);
  g_signal_connect (high->node, "device-changed", G_CALLBACK (on_device), NULL);
  device_open (low, VM_MEETING_MODE_HOST);
  start (low);
  WAIT_FOR (g_atomic_int_get (&met));
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
end_hosts (void)
{
  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    vm_meeting_stop (d->meeting);
    vm_node_stop (d->node, VM_NODE_ROLES_SERVE);
  }
}

static void
join_high (void)
{
  device_open (&c, VM_MEETING_MODE_JOIN);
  use_port (&c, vm_node_get_port (high->node), "standup");
  start (&c);
  WAIT_FOR (has (&c, "active") && has (high, "active"));
}

/* Anybody can be of that name, and of a lower id. */
GST_START_TEST (test_guest_stays_with_its_host)
{
  host_high ();
  join_high ();
  host_low ();
  fail_unless (vm_meeting_get_hosting (high->meeting));
  heard (high, "joined:p001 announced +p002 active");
  heard (&c, "joined:p002 +p001 active");

  /* alone there is nothing to lose */
  vm_meeting_stop (c.meeting);
  WAIT_FOR (has (low, "+p002"));
  fail_if (vm_meeting_get_hosting (high->meeting));
  end_hosts ();
}

GST_END_TEST;

GST_START_TEST (test_known_host_is_followed)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *user = NULL;

  host_high ();
  join_high ();
  g_object_get (low->node, "user", &user, NULL);
  vm_trust_store_pin (vm_node_get_trust_store (high->node), user, "box",
      vm_identity_get_tls_certificate (key_of (low)), now, &error);
  g_assert_no_error (error);
  host_low ();
  WAIT_FOR (has (low, "+p002"));
  fail_if (vm_meeting_get_hosting (high->meeting));
  end_hosts ();
}

GST_END_TEST;

GST_START_TEST (test_untrusted_host_is_not_followed)
{
  g_object_set (a.node, "policy", VM_POLICY_REQUIRE, NULL);
  g_object_set (b.node, "policy", VM_POLICY_REQUIRE, NULL);
  host_high ();
  host_low ();
  fail_unless (vm_meeting_get_hosting (high->meeting));
  heard (high, "joined:p001 announced");
  end_hosts ();
}

GST_END_TEST;

/* A device that goes along with its guests up to `hello`, and then */
typedef enum
{
  SILENT, /* says nothing more */
  CUTS, /* cuts every socket at once */
  RESUMES, /* cuts each after a while, and takes the next for the same seat */
  N_MANNERS
} Manner;

typedef struct
{
  Manner manner;
  SoupServer *server;
  VmDeviceInfo *info;
  GPtrArray *sockets;
  guint hellos;
} Mute;

static void
on_status (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer data)
{
  g_autoptr (GBytes) body = vm_device_info_to_status (((Mute *) data)->info);

  soup_server_message_set_response (message, "application/json",
      SOUP_MEMORY_COPY, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  soup_server_message_set_status (message, 200, NULL);
}

static void
on_join (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer data)
{
  static const gchar grant[] =
      "{\"meetingId\":\"m\",\"webSocket\":\"ws://x/ws\",\"ticket\":\"t\","
      "\"expiresIn\":30,\"iceServers\":[],\"participants\":[]}";

  soup_server_message_set_response (
      message, "application/json", SOUP_MEMORY_STATIC, grant, sizeof grant - 1);
  soup_server_message_set_status (message, 200, NULL);
}

/* Without a close frame, so that it may be resumed. */
static gboolean
cut (gpointer socket)
{
  g_io_stream_close (
      soup_websocket_connection_get_io_stream (socket), NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_message (
    SoupWebsocketConnection *socket, gint type, GBytes *message, Mute *mute)
{
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);

  if (!g_strstr_len (text, size, "\"hello\""))
    return;
  mute->hellos++;
  if (mute->manner == SILENT)
    return;
  if (mute->manner == CUTS) {
    cut (socket);
    return;
  }
  if (g_strstr_len (text, size, "\"resume\""))
    soup_websocket_connection_send_text (socket,
        "{\"type\":\"welcome\",\"ack\":0,\"id\":\"p002\",\"resume\":\"t\","
        "\"resumed\":true,\"participants\":[]}");
  g_timeout_add_full (
      G_PRIORITY_DEFAULT, HOLD_MS, cut, g_object_ref (socket), g_object_unref);
}

static void
on_socket (SoupServer *server, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *socket, gpointer data)
{
  Mute *mute = data;

  g_ptr_array_add (mute->sockets, g_object_ref (socket));
  g_signal_connect (socket, "message", G_CALLBACK (on_message), mute);
}

/* Not from its URIs: libsoup loses an address for each. */
static guint16
get_port (SoupServer *server)
{
  g_autoptr (GSList) sockets = soup_server_get_listeners (server);
  g_autoptr (GSocketAddress) at =
      g_socket_get_local_address (sockets->data, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (at));
}

static void
listen_at (Mute *mute, const gchar *address)
{
  g_autoptr (GSocketAddress) at =
      g_inet_socket_address_new_from_string (address, mute->info->port);
  g_autoptr (GError) error = NULL;

  fail_unless (soup_server_listen (mute->server, at, 0, &error));
  g_assert_no_error (error);
  if (!mute->info->port)
    mute->info->port = get_port (mute->server);
}

static Mute *
mute_new (Manner manner, guint n_addresses)
{
  static char *protocols[] = { (char *) "videomeet.v2", NULL };
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  Mute *mute = g_new0 (Mute, 1);

  mute->manner = manner;
  mute->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  mute->info = vm_device_info_new ();
  g_free (mute->info->user);
  mute->info->user = g_strdup ("Mute");
  mute->info->device_id = g_strdup (vm_identity_get_device_id (identity));
  mute->info->meeting = g_strdup ("standup");
  mute->info->meeting_id = g_uuid_string_random ();
  mute->info->participants = 1;
  mute->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (mute->server, "/status", on_status, mute, NULL);
  soup_server_add_handler (mute->server, "/meetings/join", on_join, mute, NULL);
  soup_server_add_websocket_handler (
      mute->server, "/ws", NULL, protocols, on_socket, mute, NULL);
  for (guint i = 0; i < n_addresses; i++) {
    g_autofree gchar *address = g_strdup_printf ("127.0.0.%u", i + 1);

    listen_at (mute, address);
  }
  return mute;
}

static void
mute_free (Mute *mute)
{
  for (guint i = 0; i < mute->sockets->len; i++) {
    g_signal_handlers_disconnect_by_data (mute->sockets->pdata[i], mute);
    cut (mute->sockets->pdata[i]);
  }
  g_ptr_array_unref (mute->sockets);
  soup_server_disconnect (mute->server);
  g_object_unref (mute->server);
  vm_device_info_free (mute->info);
  g_free (mute);
}

/* Of all devices that @b knows to host it. */
static guint
count_doors (void)
{
  GList *devices = vm_node_list_devices (b.node);
  guint n = 0;

  for (GList *l = devices; l; l = l->next)
    if (vm_device_get_meeting_id (l->data))
      n += g_strv_length ((gchar **) vm_device_get_addresses (l->data));
  g_list_free_full (devices, g_object_unref);
  return n;
}

static void
add_peers (GString *peers, guint16 port, guint n_addresses)
{
  for (guint i = 0; i < n_addresses; i++)
    g_string_append_printf (
        peers, "%s127.0.0.%u:%u", peers->len ? "," : "", i + 1, port);
}

/* @b knows them, in this order, and @a after them all, once that hosts: it
 * tries the doors so. */
static void
know_mutes (Mute *first, Mute *second, guint n_addresses)
{
  g_autoptr (GString) peers = g_string_new (NULL);
  guint16 port;

  fail_unless (vm_node_start (a.node, VM_NODE_ROLES_SERVE, NULL));
  port = vm_node_get_port (a.node);
  vm_node_stop (a.node, VM_NODE_ROLES_SERVE);
  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, "port", port, NULL);
  add_peers (peers, first->info->port, n_addresses);
  if (second)
    add_peers (peers, second->info->port, n_addresses);
  add_peers (peers, port, 1);
  g_object_set (
      b.node, "methods", VM_METHODS_MANUAL, "peers", peers->str, NULL);
  g_signal_connect (b.node, "device-added", G_CALLBACK (on_device), NULL);
  g_signal_connect (b.node, "device-changed", G_CALLBACK (on_device), NULL);
  fail_unless (vm_node_start (b.node, VM_NODE_ROLES_BROWSE, NULL));
  WAIT_FOR (count_doors () == (second ? 2 : 1) * n_addresses);
}

static void
leave (void)
{
  vm_meeting_stop (b.meeting);
  vm_node_stop (b.node, VM_NODE_ROLES_BROWSE);
}

/* Any device can say that it hosts the meeting: it does not keep its guests
 * from whoever does. */
GST_START_TEST (test_silent_hosts_are_left)
{
  Mute *silent = mute_new (SILENT, 1), *cutting = mute_new (CUTS, 1);

  know_mutes (silent, cutting, 1);
  host ();
  WAIT_FOR (count_doors () == 3);
  device_open (&b, VM_MEETING_MODE_JOIN);
  b.meeting->step_timeout = STEP_MS;
  start (&b);
  WAIT_FOR (has (&b, "active") || has (&b, "ended"));
  heard (&b, "joined:p002 +p001 active");
  heard (&a, "joined:p001 announced +p002 active");
  fail_unless_equals_int (silent->hellos, 1);
  /* it was asked for the seat as long as a step lasts */
  fail_unless (cutting->hellos > 1, "%u", cutting->hellos);
  leave ();
  mute_free (silent);
  mute_free (cutting);
}

GST_END_TEST;

/* One that has many addresses is not as many devices. */
GST_START_TEST (test_silent_host_at_many_addresses)
{
  Mute *mute = mute_new (SILENT, 4);

  know_mutes (mute, NULL, 4);
  host ();
  WAIT_FOR (count_doors () == 5);
  device_open (&b, VM_MEETING_MODE_JOIN);
  b.meeting->step_timeout = STEP_MS;
  start (&b);
  WAIT_FOR (has (&b, "active") || has (&b, "ended"));
  heard (&b, "joined:p002 +p001 active");
  fail_unless_equals_int (mute->hellos, 1);
  leave ();
  mute_free (mute);
}

GST_END_TEST;

GST_START_TEST (test_auto_hosts_beside_a_silent_host)
{
  Mute *mute = mute_new (__i__, 1);

  know_mutes (mute, NULL, 1);
  device_open (&b, VM_MEETING_MODE_AUTO);
  g_object_set (
      b.meeting, "browse-time", 0, "join-timeout", 10 * SHORT_STEP_MS, NULL);
  b.meeting->step_timeout = SHORT_STEP_MS;
  start (&b);
  WAIT_FOR (has (&b, "announced") || has (&b, "ended"));
  heard (&b, "joined:p001 announced");
  fail_unless (vm_meeting_get_hosting (b.meeting));
  /* as often as it has let itself be asked */
  fail_unless (mute->hellos > (guint) __i__, "%u", mute->hellos);
  fail_unless (__i__ != SILENT || mute->hellos == 1);
  leave ();
  mute_free (mute);
}

GST_END_TEST;

/* By name the whole join has its time, in which another may be found. */
GST_START_TEST (test_nobody_but_a_silent_host)
{
  Mute *mute = mute_new (SILENT, 1);

  know_mutes (mute, NULL, 1);
  device_open (&b, VM_MEETING_MODE_JOIN);
  b.meeting->step_timeout = SHORT_STEP_MS;
  g_object_set (b.meeting, "join-timeout", 2 * SHORT_STEP_MS, NULL);
  start (&b);
  WAIT_FOR (has (&b, "ended"));
  heard (&b, "failed ended");
  g_assert_error (b.error, VM_ERROR, VM_ERROR_TIMEOUT);
  fail_unless (
      strstr (b.error->message, "did not answer"), "%s", b.error->message);
  leave ();
  mute_free (mute);
}

GST_END_TEST;

static Suite *
meetinghosts_suite (void)
{
  Suite *suite = suite_create ("meetinghosts");
  TCase *tests = tcase_create ("meetinghosts");
  TCase *silence = tcase_create ("silence");

  tcase_add_checked_fixture (tests, setup_keys, teardown_three);
  tcase_add_test (tests, test_guest_stays_with_its_host);
  tcase_add_test (tests, test_known_host_is_followed);
  tcase_add_test (tests, test_untrusted_host_is_not_followed);
  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (silence, setup, teardown);
  tcase_add_test (silence, test_silent_hosts_are_left);
  tcase_add_test (silence, test_silent_host_at_many_addresses);
  tcase_add_loop_test (
      silence, test_auto_hosts_beside_a_silent_host, 0, N_MANNERS);
  tcase_add_test (silence, test_nobody_but_a_silent_host);
  suite_add_tcase (suite, silence);
  return suite;
}

GST_CHECK_MAIN (meetinghosts);
