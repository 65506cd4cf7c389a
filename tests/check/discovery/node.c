/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whole nodes, which find each other on loopback. */

#include "program.h"
#include "support/eventlog.h"
#include "support/net/netclient.h"

#include <gst/videomeet/node/nodebeside.h>
#include <gst/videomeet/node/nodeparts-priv.h>
#include <gst/videomeet/base/nodethread.h>
#include <gst/videomeet/videomeet.h>
#include <string.h>
#include <unistd.h>

#define FOUND 60 /* s; a sanitizer on a busy machine is slow */
#define PROBE 10000 /* ms; who is silent is for another test */

/* One for this process, so that tests side by side do not hear each other;
 * below those that the kernel gives to whoever asks for none. */
static guint16
udp_port (void)
{
  return 20000 + getpid () % 12000;
}

static void
on_node_device (VmNode *node, VmDevice *device, const gchar *what)
{
  event_log ("%s %s", what, vm_device_get_user (device));
}

static void
on_node_state (VmNode *node, VmDiscoveryState before, VmDiscoveryState now,
    const gchar *prefix)
{
  event_log ("%s %s", prefix, vm_discovery_state_to_string (now));
}

typedef struct
{
  gchar *folder;
  VmNode *node;
} Host;

/* @name: one letter */
static void
host_init (Host *host, const gchar *name, VmMethods methods)
{
  static const gchar *const words[] = { "added", "changed", "removed" };

  host->folder = g_dir_make_tmp ("vm-discovery-XXXXXX", NULL);
  host->node = vm_node_new (host->folder);
  vm_node_set_udp_port (host->node, udp_port ());
  g_object_set (host->node, "user", name, "interfaces", "lo", "methods",
      methods, "timeout", PROBE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    g_autofree gchar *signal = g_strdup_printf ("device-%s", words[i]);

    g_signal_connect_data (host->node, signal, G_CALLBACK (on_node_device),
        g_strdup_printf ("%s %s", name, words[i]), (GClosureNotify) g_free, 0);
  }
  g_signal_connect (host->node, "discovery-state-changed",
      G_CALLBACK (on_node_state), (gpointer) name);
}

static void
host_clear (Host *host)
{
  g_autofree gchar *file =
      g_build_filename (host->folder, "identity.pem", NULL);

  g_clear_object (&host->node);
  unlink (file);
  rmdir (host->folder);
  g_free (host->folder);
}

#define ALL \
  (VM_NODE_ROLES_SERVE | VM_NODE_ROLES_ANNOUNCE | VM_NODE_ROLES_BROWSE)

GST_START_TEST (test_nodes_find_each_other)
{
  Host a, b;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *link = NULL;
  GList *list;

  host_init (&a, "a", VM_METHODS_UDP);
  host_init (&b, "b", VM_METHODS_UDP);
  fail_unless (vm_node_start (a.node, ALL, &error));
  fail_unless (vm_node_start (b.node, ALL, &error));
  fail_unless (vm_node_get_port (a.node) != vm_node_get_port (b.node));
  fail_unless (event_log_seen ("a added b", 1, FOUND)
               && event_log_seen ("b added a", 1, FOUND));
  fail_unless (event_log_seen ("a active", 1, FOUND));
  list = vm_node_list_devices (a.node);
  fail_unless_equals_int (g_list_length (list), 1);
  fail_unless_equals_string (vm_device_get_id (list->data),
      vm_identity_get_device_id (vm_node_get_identity (b.node)));
  g_list_free_full (list, g_object_unref);
  link = vm_node_get_link (a.node, "stand up/\xc3\xa4");
  fail_unless (g_str_has_prefix (link, "http://127.0.0.1:"));
  fail_unless (g_str_has_suffix (link, "/?meeting=stand%20up%2F%C3%A4"));

  /* what b says of itself reaches a */
  g_object_set (b.node, "status", "busy", NULL);
  fail_unless (event_log_seen ("a changed b", 1, FOUND));

  vm_node_stop (b.node, ALL);
  fail_unless_equals_int (
      vm_node_get_discovery_state (b.node), VM_DISCOVERY_STATE_OFFLINE);
  fail_unless (event_log_seen ("b removed a", 1, FOUND));
  fail_unless (event_log_seen ("a removed b", 1, FOUND));
  fail_unless (event_log_seen ("a discovering", 2, FOUND));
  vm_node_stop (a.node, ALL);
  fail_unless_equals_int (
      vm_node_get_discovery_state (a.node), VM_DISCOVERY_STATE_OFFLINE);
  fail_unless_equals_int (event_log_count ("a removed b"), 1);
  host_clear (&a);
  host_clear (&b);
}

GST_END_TEST;

typedef struct
{
  GMutex lock;
  GCond cond; /* signalled with what follows */
  gboolean reached, open;
} Gate;

static void
wait_at_gate (gpointer data)
{
  Gate *gate = data;
  gint64 deadline = g_get_monotonic_time () + FOUND * G_TIME_SPAN_SECOND;

  g_mutex_lock (&gate->lock);
  gate->reached = TRUE;
  g_cond_signal (&gate->cond);
  while (!gate->open && g_cond_wait_until (&gate->cond, &gate->lock, deadline))
    continue;
  g_mutex_unlock (&gate->lock);
}

static void
reach_gate (Gate *gate)
{
  gint64 deadline = g_get_monotonic_time () + FOUND * G_TIME_SPAN_SECOND;

  g_mutex_lock (&gate->lock);
  while (
      !gate->reached && g_cond_wait_until (&gate->cond, &gate->lock, deadline))
    continue;
  fail_unless (gate->reached);
  g_mutex_unlock (&gate->lock);
}

static void
open_gate (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->open = TRUE;
  g_cond_signal (&gate->cond);
  g_mutex_unlock (&gate->lock);
}

/* Each refresh on its way holds the node: many changes at once need one. */
GST_START_TEST (test_changes_are_announced_together)
{
  Host a, b;
  Gate gate = { 0 };
  guint before;

  host_init (&a, "a", VM_METHODS_UDP);
  host_init (&b, "b", VM_METHODS_UDP);
  fail_unless (vm_node_start (a.node, ALL, NULL));
  fail_unless (vm_node_start (b.node, ALL, NULL));
  fail_unless (event_log_seen ("a added b", 1, FOUND));
  vm_node_thread_post (b.node->thread, wait_at_gate, &gate, NULL);
  reach_gate (&gate);
  g_object_set (b.node, "status", "first", NULL);
  before = g_atomic_int_get (&G_OBJECT (b.node)->ref_count);
  for (guint i = 0; i < 100; i++) {
    g_autofree gchar *status = g_strdup_printf ("busy %u", i);

    g_object_set (b.node, "status", status, NULL);
  }
  fail_unless_equals_int (
      g_atomic_int_get (&G_OBJECT (b.node)->ref_count), before);
  open_gate (&gate);
  /* and the last of them is what is announced */
  fail_unless (event_log_seen ("a changed b", 1, FOUND));
  {
    GList *list = vm_node_list_devices (a.node);

    fail_unless_equals_string (vm_device_get_status (list->data), "busy 99");
    g_list_free_full (list, g_object_unref);
  }
  /* nor is a later one held back */
  g_object_set (b.node, "status", "later", NULL);
  fail_unless (event_log_seen ("a changed b", 2, FOUND));
  vm_node_stop (b.node, ALL);
  vm_node_stop (a.node, ALL);
  host_clear (&a);
  host_clear (&b);
}

GST_END_TEST;

static void
on_seat (VmSeat *seat, const VmSignal *signal, gpointer user_data)
{
}

static void
on_meeting_device (VmNode *node, VmDevice *device, gpointer user_data)
{
  event_log ("hosts %s %u", vm_device_get_meeting (device),
      vm_device_get_max_participants (device));
}

GST_START_TEST (test_meeting_is_announced)
{
  VmMeetingConfig config = {
    .name = "standup", .user = "b", .device = "b", .max_participants = 5
  };
  Host a, b;
  VmSeat *seat;

  host_init (&a, "a", VM_METHODS_UDP);
  host_init (&b, "b", VM_METHODS_UDP);
  g_signal_connect (
      a.node, "device-changed", G_CALLBACK (on_meeting_device), NULL);
  fail_unless (vm_node_start (a.node, ALL, NULL));
  fail_unless (vm_node_start (b.node, ALL, NULL));
  fail_unless (event_log_seen ("a added b", 1, FOUND));
  seat = vm_server_open_meeting (
      vm_node_get_server (b.node), &config, NULL, on_seat, NULL, NULL);
  fail_unless (event_log_seen ("hosts standup 5", 1, FOUND));
  vm_seat_close (seat);
  fail_unless (event_log_seen ("hosts (null)", 1, FOUND));
  /* a PIN hides it */
  config.pin = "123456";
  seat = vm_server_open_meeting (
      vm_node_get_server (b.node), &config, NULL, on_seat, NULL, NULL);
  fail_unless (event_log_seen ("hosts private", 1, FOUND));
  vm_seat_close (seat);
  vm_node_stop (b.node, ALL);
  vm_node_stop (a.node, ALL);
  host_clear (&a);
  host_clear (&b);
}

GST_END_TEST;

/* Two meetings of one process, whoever shares its node. */
GST_START_TEST (test_two_hosts_of_one_process)
{
  Host a, b;
  VmNode *first, *second;

  host_init (&a, "a", VM_METHODS_UDP);
  host_init (&b, "b", VM_METHODS_UDP);
  fail_unless (vm_node_start (b.node, ALL, NULL));
  first = vm_node_take_to_host (a.node, "Ann", 0);
  second = vm_node_take_to_host (a.node, "Bob", 0);
  fail_unless (first == a.node && second != a.node);
  fail_unless (vm_node_start (first, ALL, NULL));
  fail_unless (vm_node_start (second, ALL, NULL));
  fail_unless (event_log_seen ("b added Ann", 1, FOUND));
  fail_unless (event_log_seen ("b added Bob", 1, FOUND));
  vm_node_stop (second, ALL);
  vm_node_end_hosting (second);
  g_object_unref (second);
  fail_unless (event_log_seen ("b removed Bob", 1, FOUND));
  vm_node_end_hosting (first);
  g_object_unref (first);
  /* it is there still, without a host */
  fail_unless (event_log_seen ("b changed a", 1, FOUND));
  vm_node_stop (a.node, ALL);
  vm_node_stop (b.node, ALL);
  host_clear (&a);
  host_clear (&b);
}

GST_END_TEST;

GST_START_TEST (test_states_in_the_seed_s_order)
{
  static const gchar *const order[] = { "a registering", "a discoverable",
    "a discovering", "a unregistering", "a offline" };
  Host a;

  host_init (&a, "a", VM_METHODS_UDP);
  fail_unless (vm_node_start (a.node, ALL, NULL));
  fail_unless (event_log_seen ("a discovering", 1, FOUND));
  vm_node_stop (a.node, ALL);
  fail_unless_equals_int (event_log_count (""), G_N_ELEMENTS (order));
  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    g_autofree gchar *line = event_log_line (i);

    fail_unless_equals_string (line, order[i]);
  }
  /* and once more */
  fail_unless (vm_node_start (a.node, ALL, NULL));
  fail_unless (event_log_seen ("a discovering", 2, FOUND));
  vm_node_stop (a.node, ALL);
  host_clear (&a);
}

GST_END_TEST;

GST_START_TEST (test_roles_are_counted)
{
  Host a;

  host_init (&a, "a", VM_METHODS_UDP);
  fail_unless (vm_node_start (a.node, VM_NODE_ROLES_BROWSE, NULL));
  /* who only looks has no server to be found by */
  fail_unless_equals_int (vm_node_get_port (a.node), 0);
  fail_unless (vm_node_start (a.node, ALL, NULL));
  fail_unless (vm_node_get_port (a.node) != 0);
  vm_node_stop (a.node, ALL);
  fail_unless_equals_int (vm_node_get_port (a.node), 0);
  fail_unless (
      vm_node_get_discovery_state (a.node) != VM_DISCOVERY_STATE_OFFLINE);
  vm_node_stop (a.node, VM_NODE_ROLES_BROWSE);
  fail_unless_equals_int (
      vm_node_get_discovery_state (a.node), VM_DISCOVERY_STATE_OFFLINE);
  host_clear (&a);
}

GST_END_TEST;

GST_START_TEST (test_port_asked_for_and_taken)
{
  Host a, b;
  g_autoptr (GError) error = NULL;

  host_init (&a, "a", VM_METHODS_UDP);
  host_init (&b, "b", VM_METHODS_UDP);
  g_object_set (a.node, "port", 0, NULL);
  fail_unless (vm_node_start (a.node, VM_NODE_ROLES_SERVE, NULL));
  g_object_set (b.node, "port", vm_node_get_port (a.node), NULL);
  fail_if (vm_node_start (b.node, VM_NODE_ROLES_SERVE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_PORT_IN_USE);
  vm_node_stop (a.node, VM_NODE_ROLES_SERVE);
  host_clear (&a);
  host_clear (&b);
}

GST_END_TEST;

GST_START_TEST (test_manual_alone)
{
  Host a, b;
  g_autofree gchar *peers = NULL;

  host_init (&a, "a", VM_METHODS_MANUAL);
  host_init (&b, "b", VM_METHODS_MANUAL);
  g_object_set (b.node, "port", 0, NULL);
  fail_unless (vm_node_start (b.node, ALL, NULL));
  peers = g_strdup_printf (
      "nonsense:port, 127.0.0.1:%u", vm_node_get_port (b.node));
  g_object_set (a.node, "peers", peers, NULL);
  fail_unless (vm_node_start (a.node, ALL, NULL));
  fail_unless (event_log_seen ("a added b", 1, FOUND));
  vm_node_stop (a.node, ALL);
  vm_node_stop (b.node, ALL);
  host_clear (&a);
  host_clear (&b);
}

GST_END_TEST;

static void
stop_from_inside (VmNode *node, VmDevice *device, gpointer user_data)
{
  vm_node_stop (node, ALL);
}

GST_START_TEST (test_stop_from_a_handler)
{
  Host a, b;

  host_init (&a, "a", VM_METHODS_UDP);
  host_init (&b, "b", VM_METHODS_UDP);
  g_signal_connect (
      a.node, "device-added", G_CALLBACK (stop_from_inside), NULL);
  fail_unless (vm_node_start (a.node, ALL, NULL));
  fail_unless (vm_node_start (b.node, ALL, NULL));
  fail_unless (event_log_seen ("a offline", 1, FOUND));
  vm_node_stop (b.node, ALL);
  host_clear (&a);
  host_clear (&b);
}

GST_END_TEST;

GST_START_TEST (test_names_are_cleaned)
{
  Host a;
  g_autofree gchar *user = NULL;
  g_autofree gchar *lengthy = g_strnfill (127, 'x');
  g_autofree gchar *cut = g_strconcat (lengthy, "\xc3\xa4", NULL);

  host_init (&a, "a", VM_METHODS_UDP);
  g_object_set (a.node, "user", "A\n\x1b[2Jnn", NULL);
  g_object_get (a.node, "user", &user, NULL);
  fail_unless_equals_string (user, "A [2Jnn");
  g_free (user);
  g_object_set (a.node, "user", cut, NULL);
  g_object_get (a.node, "user", &user, NULL);
  fail_unless_equals_string (user, lengthy);
  host_clear (&a);
}

GST_END_TEST;

#define STARTS 5

typedef struct
{
  guint16 port;
  NetAnswer *answer; /* the first, or NULL */
} Asker;

/* Asks before there is anybody to answer, and again until there is. */
static gpointer
ask_early (gpointer data)
{
  static const gchar request[] = "GET /status HTTP/1.1\r\n"
                                 "Host: localhost\r\n\r\n";
  Asker *asker = data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  gint64 deadline = g_get_monotonic_time () + FOUND * G_TIME_SPAN_SECOND;

  g_socket_client_set_timeout (client, FOUND);
  while (!connection && g_get_monotonic_time () < deadline)
    connection = g_socket_client_connect_to_host (
        client, "127.0.0.1", asker->port, NULL, NULL);
  if (connection)
    asker->answer =
        net_ask_on (G_IO_STREAM (connection), request, strlen (request));
  return NULL;
}

static void
assert_says (const Asker *asker, const gchar *words)
{
  fail_unless (
      strstr (asker->answer->body, words) != NULL, "%s", asker->answer->body);
}

/* Whoever holds the port's last tenant for this one would take its name from
 * what is answered first. */
GST_START_TEST (test_first_answer_has_a_name)
{
  for (guint i = 0; i < STARTS; i++) {
    g_autoptr (GError) error = NULL;
    /* one that the kernel gives to nobody, whoever asks for it included */
    Asker asker = { udp_port () + i };
    Host host;
    GThread *thread;

    host_init (&host, "a", VM_METHODS_MANUAL);
    g_object_set (host.node, "port", asker.port, NULL);
    thread = g_thread_new ("asker", ask_early, &asker);
    fail_unless (vm_node_start (host.node, VM_NODE_ROLES_SERVE, &error), "%s",
        error ? error->message : "");
    g_thread_join (thread);
    fail_unless (asker.answer != NULL);
    fail_unless_equals_int (asker.answer->status, 200);
    assert_says (&asker, "\"user\":\"a\"");
    assert_says (&asker, "\"secure\":false");
    assert_says (
        &asker, vm_identity_get_device_id (vm_node_get_identity (host.node)));
    vm_node_stop (host.node, VM_NODE_ROLES_SERVE);
    net_answer_free (asker.answer);
    host_clear (&host);
  }
}

GST_END_TEST;

#define POSTERS 8
#define POSTS 10000 /* of each */

typedef struct
{
  VmNodeThread *thread;
  gint left, elsewhere; /* atomic */
} Posts;

static void
do_nothing (gpointer data)
{
}

static void
count_posted (gpointer data)
{
  Posts *posts = data;

  if (!vm_node_thread_is_current (posts->thread))
    g_atomic_int_inc (&posts->elsewhere);
  g_atomic_int_add (&posts->left, -1);
}

static gpointer
post_many (gpointer data)
{
  Posts *posts = data;

  for (guint i = 0; i < POSTS; i++)
    vm_node_thread_post (posts->thread, do_nothing, posts, count_posted);
  return NULL;
}

/* What is posted is freed on the thread: it may be the last that holds whoever
 * has posted it. Some posters are slower than the thread, where there are
 * many. */
GST_START_TEST (test_posted_is_freed_there)
{
  Posts posts = { vm_node_thread_new ("posts"), POSTERS * POSTS };
  GThread *posters[POSTERS];

  for (guint i = 0; i < POSTERS; i++)
    posters[i] = g_thread_new ("poster", post_many, &posts);
  for (guint i = 0; i < POSTERS; i++)
    g_thread_join (posters[i]);
  fail_unless (
      vm_node_thread_call (posts.thread, do_nothing, NULL, NULL, FOUND * 1000));
  fail_unless_equals_int (g_atomic_int_get (&posts.left), 0);
  fail_unless_equals_int (g_atomic_int_get (&posts.elsewhere), 0);
  vm_node_thread_free (posts.thread);
}

GST_END_TEST;

static Suite *
node_suite (void)
{
  Suite *s = suite_create ("node");
  TCase *tc = tcase_create ("node");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, event_log_open, event_log_close);
  tcase_add_test (tc, test_posted_is_freed_there);
  tcase_add_test (tc, test_nodes_find_each_other);
  tcase_add_test (tc, test_changes_are_announced_together);
  tcase_add_test (tc, test_meeting_is_announced);
  tcase_add_test (tc, test_two_hosts_of_one_process);
  tcase_add_test (tc, test_states_in_the_seed_s_order);
  tcase_add_test (tc, test_roles_are_counted);
  tcase_add_test (tc, test_port_asked_for_and_taken);
  tcase_add_test (tc, test_manual_alone);
  tcase_add_test (tc, test_stop_from_a_handler);
  tcase_add_test (tc, test_names_are_cleaned);
  tcase_add_test (tc, test_first_answer_has_a_name);
  return s;
}

CHECK_PROGRAM (node)
