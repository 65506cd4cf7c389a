/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a server does for the sessions of agents: candidates, what is said of a
 * session later, and the relay (protocol/agents.md#relay). */

#include "support/net/meshclient.h"
#include "program.h"

#include <gst/videomeet/server/dialect/mesh/mesh-priv.h>
#include <gst/videomeet/server/socket/ws.h>
#include <string.h>

static MeshClient *a, *b;

static void
sit (void)
{
  a = mesh_sit ("Ann", "dev-a", 0);
  b = mesh_sit ("Bob", "dev-b", 1);
  g_free (mesh_next (a, "room.joined"));
}

static void
leave (void)
{
  mesh_free (a);
  mesh_free (b);
}

/* A session of Ann with Bob, asked for with @more members; what both are told.
 */
static void
make (const gchar *more, gchar **at_a, gchar **at_b)
{
  g_autofree gchar *cap = mesh_mint (a, "\"share:file\"", "");

  mesh_say (a, "p2p.session.request",
      "{\"room_id\":\"standup\",\"target_device_id\":\"dev-b\","
      "\"kind\":\"file\",\"cap_token\":\"%s\"%s}",
      cap, more);
  *at_a = mesh_next (a, "p2p.session.created");
  *at_b = mesh_next (b, "p2p.session.created");
}

static NetSocket *
relay (const gchar *created, GError **error)
{
  g_autofree gchar *ticket = mesh_text_of (created, "relay_ticket");
  g_autofree gchar *path = g_strdup_printf ("/v2/relay?ticket=%s", ticket);

  return net_socket_open (server, path, NULL, error);
}

/* Candidates to which nobody may be made to send are left out. */
GST_START_TEST (test_candidates)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL, *id = NULL, *told = NULL;

  sit ();
  make (",\"candidates\":[{\"ip\":\"10.0.0.7\",\"port\":9},"
        "{\"ip\":\"224.0.0.1\",\"port\":9},{\"ip\":\"255.255.255.255\","
        "\"port\":9},{\"ip\":\"0.0.0.0\",\"port\":9},{\"ip\":\"ff02::1\","
        "\"port\":9},{\"ip\":\"10.0.0.7\",\"port\":9},"
        "{\"ip\":\"2001:db8::7\",\"port\":9,\"type\":\"srflx\"}]",
      &at_a, &at_b);
  has (at_b, "\"a\":{\"ip\":\"10.0.0.7\",\"port\":9,\"candidates\":["
             "{\"ip\":\"10.0.0.7\",\"port\":9,\"type\":\"host\"},"
             "{\"ip\":\"2001:db8::7\",\"port\":9,\"type\":\"srflx\"}]}");
  id = mesh_text_of (at_b, "session_id");
  mesh_say (b, "p2p.session.candidates",
      "{\"session_id\":\"%s\",\"candidates\":[{\"ip\":\"10.0.0.8\","
      "\"port\":7}]}",
      id);
  told = mesh_next (a, "p2p.session.candidates");
  has (told,
      "\"candidates\":[{\"ip\":\"10.0.0.8\",\"port\":7,\"type\":\"host\"}]");
  mesh_say (b, "p2p.session.candidates",
      "{\"session_id\":\"another\",\"candidates\":[]}");
  mesh_fails (b, "P2P_SESSION_DENIED");
  leave ();
}

GST_END_TEST;

/* One more than there may be. */
GST_START_TEST (test_number_of_candidates)
{
  for (guint n = VM_MESH_ENDPOINTS_MAX; n <= VM_MESH_ENDPOINTS_MAX + 1; n++) {
    g_autofree gchar *cap = NULL;
    GString *list = g_string_new ("[");

    sit ();
    cap = mesh_mint (a, "\"share:file\"", "");
    for (guint i = 0; i < n; i++)
      g_string_append_printf (
          list, "%s{\"ip\":\"10.0.0.%u\",\"port\":9}", i ? "," : "", i + 1);
    mesh_say (a, "p2p.session.request",
        "{\"room_id\":\"standup\",\"target_device_id\":\"dev-b\","
        "\"kind\":\"file\",\"cap_token\":\"%s\",\"candidates\":%s]}",
        cap, list->str);
    if (n <= VM_MESH_ENDPOINTS_MAX)
      g_free (mesh_next (a, "p2p.session.created"));
    else
      mesh_fails (a, "BAD_MESSAGE");
    g_string_free (list, TRUE);
    leave ();
  }
}

GST_END_TEST;

/* The capability is looked at again, and only who asked renews it. */
GST_START_TEST (test_renew_and_deny)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL, *id = NULL, *cap = NULL;
  g_autofree gchar *renewed = NULL, *denied = NULL;

  sit ();
  make ("", &at_a, &at_b);
  id = mesh_text_of (at_a, "session_id");
  cap = mesh_mint (a, "\"share:file\"", "");
  mesh_say (a, "p2p.session.renew",
      "{\"session_id\":\"%s\",\"cap_token\":\"x.y.z\"}", id);
  mesh_fails (a, "CAP_INVALID");
  mesh_say (b, "p2p.session.renew",
      "{\"session_id\":\"%s\",\"cap_token\":\"%s\"}", id, cap);
  mesh_fails (b, "P2P_SESSION_DENIED");
  mesh_say (a, "p2p.session.renew",
      "{\"session_id\":\"%s\",\"cap_token\":\"%s\"}", id, cap);
  renewed = mesh_next (b, "p2p.session.renewed");
  has (renewed, cap);
  mesh_say (b, "p2p.session.denied",
      "{\"session_id\":\"%s\",\"code\":\"WRONG_KEY\",\"message\":\"no\"}", id);
  denied = mesh_next (a, "p2p.session.denied");
  has (denied, "\"code\":\"WRONG_KEY\",\"message\":\"no\"");
  /* it is over by that */
  mesh_say (a, "p2p.session.renew",
      "{\"session_id\":\"%s\",\"cap_token\":\"%s\"}", id, cap);
  mesh_fails (a, "P2P_SESSION_DENIED");
  leave ();
}

GST_END_TEST;

/* Both sides of a session of a device that is removed are told at once. */
GST_START_TEST (test_revoked)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL, *told = NULL;
  g_autoptr (VmSignal) kick = vm_signal_new (VM_SIGNAL_KICK);

  sit ();
  make ("", &at_a, &at_b);
  kick->to = g_strdup ("dev-a");
  vm_seat_send (seat, kick);
  told = mesh_next (b, "p2p.session.revoked");
  has (told, "\"code\":\"KICKED\"");
  g_free (told);
  told = mesh_next (a, "p2p.session.revoked");
  leave ();
}

GST_END_TEST;

static gboolean got;
static gsize got_size;

static void
on_binary (SoupWebsocketConnection *socket, gint type, GBytes *message)
{
  got = type == SOUP_WEBSOCKET_DATA_BINARY;
  got_size = g_bytes_get_size (message);
}

static void
send_bytes (NetSocket *socket, gsize size)
{
  g_autofree gchar *data = g_malloc0 (size);

  soup_websocket_connection_send_binary (socket->socket, data, size);
}

/* Each datagram to the other, none that is larger; a ticket is good once; who
 * leaves ends it for both. */
GST_START_TEST (test_relay)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL;
  g_autoptr (GError) error = NULL;
  NetSocket *of_a, *of_b;

  sit ();
  make ("", &at_a, &at_b);
  of_a = relay (at_a, &error);
  g_assert_no_error (error);
  fail_unless (relay (at_a, &error) == NULL);
  fail_unless (error != NULL);
  g_clear_error (&error);
  of_b = relay (at_b, &error);
  g_assert_no_error (error);
  g_signal_connect (of_b->socket, "message", G_CALLBACK (on_binary), NULL);
  got = FALSE;
  send_bytes (of_a, VM_RELAY_DATAGRAM_MAX);
  while (!got)
    g_main_context_iteration (NULL, TRUE);
  fail_unless_equals_int (got_size, VM_RELAY_DATAGRAM_MAX);
  send_bytes (of_a, VM_RELAY_DATAGRAM_MAX + 1);
  fail_unless_equals_int (net_socket_wait_closed (of_a), VM_CLOSE_TOO_BIG);
  fail_unless_equals_int (net_socket_wait_closed (of_b), VM_CLOSE_GOING_AWAY);
  net_socket_free (of_a);
  net_socket_free (of_b);
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_relay_without_a_ticket)
{
  g_autoptr (GError) error = NULL;

  fail_unless (net_socket_open (server, "/v2/relay", NULL, &error) == NULL);
  g_clear_error (&error);
  fail_unless (
      net_socket_open (server, "/v2/relay?ticket=x", NULL, &error) == NULL);
  fail_unless (error != NULL);
}

GST_END_TEST;

static VmWs *
find_ws (VmServer *of, gconstpointer end)
{
  GHashTableIter iter;
  gpointer conn;

  g_hash_table_iter_init (&iter, of->conns);
  while (g_hash_table_iter_next (&iter, &conn, NULL)) {
    VmWs *ws = ((VmConn *) conn)->ws;

    if (ws && ws->peer == end)
      return ws;
  }
  g_assert_not_reached ();
}

#define MANY 100000

typedef struct
{
  gchar *id; /* of the session */
  guint first_dropped;
  guint waiting, dropped; /* in the end */
} Flood;

/* All at once: nothing of it is written before the server's next turn. */
static void
send_many (VmServer *of, gpointer data)
{
  Flood *flood = data;
  VmMesh *mesh = vm_mesh_of (of);
  VmMeshSide side;
  VmMeshLink *link =
      vm_mesh_links_find (mesh->links, flood->id, "standup", "dev-a", &side);
  VmWs *from = find_ws (of, link->end[VM_MESH_SIDE_A]);
  VmWs *to = find_ws (of, link->end[VM_MESH_SIDE_B]);
  g_autoptr (GBytes) datagram = g_bytes_new_static ("x", 1);

  for (guint i = 1; i <= MANY; i++) {
    from->funcs->receive_binary (from, datagram);
    if (mesh->relay_dropped && !flood->first_dropped)
      flood->first_dropped = i;
  }
  flood->waiting = to->queue.length;
  flood->dropped = mesh->relay_dropped;
}

/* However small they are, for a side that does not read. */
GST_START_TEST (test_number_of_datagrams)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL;
  Flood flood = { NULL };
  NetSocket *of_a, *of_b;

  sit ();
  make ("", &at_a, &at_b);
  of_a = relay (at_a, NULL);
  of_b = relay (at_b, NULL);
  fail_unless (of_a && of_b);
  flood.id = mesh_text_of (at_a, "session_id");
  net_run (server, send_many, &flood);
  fail_unless_equals_int (flood.first_dropped, VM_RELAY_QUEUE_DATAGRAMS + 1);
  fail_unless_equals_int (flood.waiting, VM_RELAY_QUEUE_DATAGRAMS);
  fail_unless_equals_int (flood.dropped, MANY - VM_RELAY_QUEUE_DATAGRAMS);
  g_free (flood.id);
  net_socket_free (of_a);
  net_socket_free (of_b);
  leave ();
}

GST_END_TEST;

static void
fill_quota (VmServer *of, gpointer data)
{
  VmMeshQuotaLimits limits = vm_mesh_quota_limits;

  if (data)
    limits.addresses_max = 0;
  vm_mesh_quota_set_limits (vm_mesh_of (of)->quota, &limits);
}

/* Who has no ticket is refused as such, and leaves no trace; one that is
 * refused for want of room is good later. */
GST_START_TEST (test_ticket_comes_first)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL;
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;
  NetSocket *of_a;

  sit ();
  make ("", &at_a, &at_b);
  net_run (server, fill_quota, GINT_TO_POINTER (TRUE));
  answer =
      net_ask (server, "GET /v2/relay?ticket=x HTTP/1.1\r\nHost: localhost\r\n"
                       "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  has (answer->text, "BAD_TICKET");
  fail_unless (relay (at_a, NULL) == NULL);
  net_run (server, fill_quota, NULL);
  of_a = relay (at_a, &error);
  g_assert_no_error (error);
  net_socket_free (of_a);
  leave ();
}

GST_END_TEST;

static void
wait_briefly (VmServer *of, gpointer data)
{
  vm_mesh_of (of)->relay_wait = 0;
}

/* Nobody waits for ever for the other side; and the session's end is that of
 * its relay. */
GST_START_TEST (test_relay_alone)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL, *id = NULL;
  NetSocket *of_a, *of_b;

  sit ();
  make ("", &at_a, &at_b);
  of_a = relay (at_a, NULL);
  of_b = relay (at_b, NULL);
  id = mesh_text_of (at_a, "session_id");
  mesh_say (b, "p2p.session.closed", "{\"session_id\":\"%s\"}", id);
  fail_unless_equals_int (net_socket_wait_closed (of_a), VM_CLOSE_NORMAL);
  fail_unless_equals_int (net_socket_wait_closed (of_b), VM_CLOSE_NORMAL);
  net_socket_free (of_a);
  net_socket_free (of_b);
  g_free (at_a);
  g_free (at_b);
  make ("", &at_a, &at_b);
  of_a = relay (at_a, NULL);
  net_run (server, wait_briefly, NULL);
  fail_unless_equals_int (net_socket_wait_closed (of_a), VM_CLOSE_POLICY);
  net_socket_free (of_a);
  leave ();
}

GST_END_TEST;

/* At each limit, and one beyond it. */
GST_START_TEST (test_quota)
{
  const VmMeshQuotaLimits limits = { .sessions_max = 2,
    .ends_per_address = 3,
    .addresses_max = 2,
    .session_rate = 1000,
    .session_bytes = 2500,
    .address_rate = 1500,
    .address_bytes = 4000,
    .address_time = 100 * G_USEC_PER_SEC };
  g_autoptr (VmMeshQuota) quota = vm_mesh_quota_new (&limits);
  VmMeshLink link = { NULL }, other = { NULL };
  gint64 now = 1;

  for (guint i = 0; i < 3; i++)
    fail_unless (vm_mesh_quota_enter (quota, "one", now, NULL));
  fail_if (vm_mesh_quota_enter (quota, "one", now, NULL));
  fail_unless (vm_mesh_quota_enter (quota, "two", now, NULL));
  fail_if (vm_mesh_quota_enter (quota, "two", now, NULL));
  vm_mesh_quota_leave (quota, "one");
  /* two addresses are remembered */
  fail_if (vm_mesh_quota_enter (quota, "three", now, NULL));
  fail_unless (vm_mesh_quota_enter (quota, "two", now, NULL));
  fail_unless_equals_int (vm_mesh_quota_count (quota), 4);

  /* a second's worth at once */
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &link, "one", 1000, now), VM_MESH_QUOTA_CARRY);
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &link, "one", 1, now), VM_MESH_QUOTA_DROP);
  /* that of the address */
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &other, "one", 500, now), VM_MESH_QUOTA_CARRY);
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &other, "one", 1, now), VM_MESH_QUOTA_DROP);
  now += G_USEC_PER_SEC;
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &link, "one", 1000, now), VM_MESH_QUOTA_CARRY);
  now += G_USEC_PER_SEC;
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &link, "one", 501, now), VM_MESH_QUOTA_END);
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &link, "one", 500, now), VM_MESH_QUOTA_CARRY);
  now += G_USEC_PER_SEC;
  /* the address has had 3,000 of 4,000 */
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &other, "one", 1001, now), VM_MESH_QUOTA_END);
  now += limits.address_time;
  fail_unless_equals_int (vm_mesh_quota_take (quota, &other, "one", 1000, now),
      VM_MESH_QUOTA_CARRY);
}

GST_END_TEST;

/* Below, at and above what a small one counts as. */
GST_START_TEST (test_small_datagrams)
{
  g_autoptr (VmMeshQuota) quota = vm_mesh_quota_new (&vm_mesh_quota_limits);
  const gsize least = VM_RELAY_DATAGRAM_MIN;

  for (gsize size = least - 1; size <= least + 1; size++) {
    VmMeshLink link = { NULL };

    fail_unless_equals_int (
        vm_mesh_quota_take (quota, &link, "one", size, 1), VM_MESH_QUOTA_CARRY);
    fail_unless_equals_uint64 (link.carried, MAX (size, least));
  }
}

GST_END_TEST;

static gboolean
visit (VmMeshQuota *quota, const gchar *address, VmMeshLink *link, gsize bytes)
{
  if (!vm_mesh_quota_enter (quota, address, 1, NULL))
    return FALSE;
  if (bytes)
    fail_unless_equals_int (vm_mesh_quota_take (quota, link, address, bytes, 1),
        VM_MESH_QUOTA_CARRY);
  vm_mesh_quota_leave (quota, address);
  return TRUE;
}

/* Beyond the limit, of those that are not there, who has had least is
 * forgotten: nothing, first of all. */
GST_START_TEST (test_addresses)
{
  VmMeshQuotaLimits limits = vm_mesh_quota_limits;
  g_autoptr (VmMeshQuota) quota = NULL;
  VmMeshLink link = { NULL };

  limits.addresses_max = 2;
  limits.address_bytes = 4000;
  quota = vm_mesh_quota_new (&limits);
  for (guint i = 0; i < 3; i++) {
    const gchar *const idle[] = { "a", "b", "c" };

    fail_unless (visit (quota, idle[i], &link, 0));
  }
  fail_unless (visit (quota, "little", &link, 1000));
  fail_unless (visit (quota, "much", &link, 3000));
  fail_unless (vm_mesh_quota_enter (quota, "here", 1, NULL));
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &link, "much", 1001, 1), VM_MESH_QUOTA_END);
  fail_unless (visit (quota, "little", &link, 4000));
  /* "much" had less then */
  fail_unless (vm_mesh_quota_enter (quota, "much", 1, NULL));
  fail_unless_equals_int (
      vm_mesh_quota_take (quota, &link, "much", 4000, 1), VM_MESH_QUOTA_CARRY);
  fail_if (vm_mesh_quota_enter (quota, "more", 1, NULL));
}

GST_END_TEST;

/* Both come to it again, by new tickets; not too often, and the old relay is
 * over. */
GST_START_TEST (test_relay_again)
{
  g_autofree gchar *at_a = NULL, *at_b = NULL, *id = NULL;
  g_autofree gchar *again_a = NULL, *again_b = NULL;
  g_autoptr (GError) error = NULL;
  VmMesh *mesh = vm_mesh_of (server);
  VmMeshLink *link;
  VmMeshSide side;
  NetSocket *ends[2], *old;

  sit ();
  make ("", &at_a, &at_b);
  id = mesh_text_of (at_a, "session_id");
  old = relay (at_a, &error);
  g_assert_no_error (error);
  mesh_say (a, "p2p.session.relay", "{\"session_id\":\"%s\"}", id);
  mesh_fails (a, "RATE_LIMITED");
  link = vm_mesh_links_find (mesh->links, id, "standup", "dev-a", &side);
  link->ticket_at -= VM_RELAY_RENEW_TIME;
  mesh_say (a, "p2p.session.relay", "{\"session_id\":\"%s\"}", id);
  again_a = mesh_next (a, "p2p.session.relay");
  again_b = mesh_next (b, "p2p.session.relay");
  fail_unless (net_socket_next (old) == NULL);
  net_socket_free (old);
  /* the first ticket of Bob was never used, and is none any more */
  fail_unless (relay (at_b, NULL) == NULL);
  ends[0] = relay (again_a, &error);
  g_assert_no_error (error);
  ends[1] = relay (again_b, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    net_socket_free (ends[i]);
  mesh_say (a, "p2p.session.relay", "{\"session_id\":\"another\"}");
  mesh_fails (a, "P2P_SESSION_DENIED");
  leave ();
}

GST_END_TEST;

static VmMeshLink *
add_link (
    VmMeshLinks *links, guint number, const gchar *device, const gchar *address)
{
  g_autofree gchar *id = g_strdup_printf ("s-%u", number);

  return vm_mesh_links_add (
      links, id, "standup", VM_MESH_FILE, device, "dev-b", address, 0);
}

/* Below, at and above what a device, an address and all may have: whose oldest
 * goes. */
GST_START_TEST (test_number_of_links)
{
  g_autoptr (VmMeshLinks) links = vm_mesh_links_new ();
  VmMeshLink *first, *of_device, *of_address = NULL, *surplus;
  guint n = 0;

  first = add_link (links, n++, "dev-x", "elsewhere");
  of_device = add_link (links, n++, "dev-a", "here");
  for (guint i = 1; i < VM_MESH_LINKS_PER_DEVICE; i++) {
    fail_unless (vm_mesh_links_find_surplus (links, "dev-a", "here") == NULL);
    add_link (links, n++, "dev-a", "here");
  }
  fail_unless (
      vm_mesh_links_find_surplus (links, "dev-a", "here") == of_device);
  fail_unless (vm_mesh_links_find_surplus (links, "dev-c", "here") == NULL);
  for (guint i = 0; i < VM_MESH_LINKS_PER_ADDRESS; i++) {
    g_autofree gchar *device = g_strdup_printf ("device %u", i);
    VmMeshLink *link;

    fail_unless (vm_mesh_links_find_surplus (links, device, "there") == NULL);
    link = add_link (links, n++, device, "there");
    of_address = of_address ? of_address : link;
  }
  surplus = vm_mesh_links_find_surplus (links, "dev-c", "there");
  fail_unless (surplus == of_address);
  vm_mesh_links_remove (links, surplus);
  fail_unless (vm_mesh_links_find_surplus (links, "dev-c", "there") == NULL);
  while (vm_mesh_links_count (links) < VM_MESH_LINKS_MAX) {
    g_autofree gchar *device = g_strdup_printf ("device %u", n);

    fail_unless (vm_mesh_links_find_surplus (links, device, device) == NULL);
    add_link (links, n++, device, device);
  }
  fail_unless (vm_mesh_links_find_surplus (links, "dev-c", "here") == first);
}

GST_END_TEST;

static Suite *
meshrelay_suite (void)
{
  Suite *suite = suite_create ("meshrelay");
  TCase *tc = tcase_create ("sessions");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_candidates);
  tcase_add_test (tc, test_number_of_candidates);
  tcase_add_test (tc, test_renew_and_deny);
  tcase_add_test (tc, test_revoked);
  tcase_add_test (tc, test_relay);
  tcase_add_test (tc, test_relay_without_a_ticket);
  tcase_add_test (tc, test_relay_alone);
  tcase_add_test (tc, test_relay_again);
  tcase_add_test (tc, test_number_of_datagrams);
  tcase_add_test (tc, test_ticket_comes_first);
  tcase_add_test (tc, test_quota);
  tcase_add_test (tc, test_small_datagrams);
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_number_of_links);
  return suite;
}

CHECK_PROGRAM (meshrelay)
