/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Nodes of a cluster at a real nats-server, on loopback:
 * protocol/cluster.md. */

#include "support/net/natsserver.h"

#include "program.h"

#include <gst/videomeet/cluster/nats/natssubscriptions.h>
#include <string.h>

#define NODES 3
#define ROOM "a.*.>"

typedef struct
{
  VmNatsStore *store;
  VmCluster *cluster;
  gchar *name;
  guint seated;
  guint refused;
  guint gone;
  guint backs;
  gchar *view; /* "p001=n1 p002=n2" of ROOM */
  guint answers; /* of a store without a cluster */
  VmClusterResult result;
  GBytes *value;
  guint64 revision;
  GString *told; /* "key=value key=", of a store without a cluster */
} Node;

/* What a thread of a store has to tell. */
typedef struct
{
  Node *node;
  enum
  {
    ANSWER,
    LISTED,
    TOLD,
    BACK,
    FOUND,
  } kind;
  guint64 number;
  VmClusterResult result;
  GBytes *value;
  guint64 revision;
  gchar *key;
  gchar **nodes;
} News;

static NatsServer server;
static Node nodes[NODES];
static natsOptions *options;
static gint64 ahead; /* of the clock */
static gint64 ahead_more; /* with each list that comes */

static gint64
now (void)
{
  return g_get_monotonic_time () + ahead;
}

static void
news_free (gpointer data)
{
  News *news = data;

  g_clear_pointer (&news->value, g_bytes_unref);
  g_free (news->key);
  g_strfreev (news->nodes);
  g_free (news);
}

static void
take_answer (Node *node, const News *news)
{
  if (node->cluster) {
    vm_cluster_answer (node->cluster, news->number, news->result, news->value,
        news->revision, now ());
    return;
  }
  node->answers++;
  node->result = news->result;
  g_clear_pointer (&node->value, g_bytes_unref);
  node->value = news->value ? g_bytes_ref (news->value) : NULL;
  node->revision = news->revision;
}

static void
take_told (Node *node, const News *news)
{
  gsize size = 0;
  const gchar *value =
      news->value ? g_bytes_get_data (news->value, &size) : NULL;

  node->revision = news->revision;
  g_string_append_printf (node->told, "%s%s=%.*s", node->told->len ? " " : "",
      news->key, (int) size, value ? value : "");
}

static gboolean
on_news (gpointer user_data)
{
  const News *news = user_data;
  Node *node = news->node;

  if (news->kind == BACK)
    node->backs++;
  if (news->kind == TOLD && !node->cluster)
    take_told (node, news);
  if (news->kind == LISTED)
    ahead += ahead_more;
  if (news->kind == ANSWER)
    take_answer (node, news);
  else if (node->cluster && news->kind == LISTED)
    vm_cluster_nodes (
        node->cluster, (const gchar *const *) news->nodes, now ());
  else if (node->cluster && news->kind == TOLD)
    vm_cluster_told (
        node->cluster, news->key, news->value, news->revision, now ());
  else if (node->cluster && news->kind == BACK)
    vm_cluster_back (node->cluster, now ());
  else if (node->cluster && news->kind == FOUND)
    vm_cluster_check (node->cluster, news->key, now ());
  return G_SOURCE_REMOVE;
}

static void
post (const News *news)
{
  /* not at once, even where nobody has the context */
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (
      source, on_news, g_memdup2 (news, sizeof *news), news_free);
  g_source_attach (source, NULL);
  g_source_unref (source);
}

static void
on_answer (VmClusterBucket bucket, guint64 request, VmClusterResult result,
    GBytes *value, guint64 revision, gpointer user_data)
{
  post (&(News){ .node = user_data,
      .kind = ANSWER,
      .number = request,
      .result = result,
      .value = value ? g_bytes_ref (value) : NULL,
      .revision = revision });
}

static void
on_nodes (const gchar *const *list, gpointer user_data)
{
  post (&(News){ .node = user_data,
      .kind = LISTED,
      .nodes = g_strdupv ((gchar **) list) });
}

static void
on_told (const gchar *key, GBytes *value, guint64 revision, gpointer user_data)
{
  post (&(News){ .node = user_data,
      .kind = TOLD,
      .key = g_strdup (key),
      .value = value ? g_bytes_ref (value) : NULL,
      .revision = revision });
}

static void
on_back (gpointer user_data)
{
  post (&(News){ .node = user_data, .kind = BACK });
}

static void
on_found (const gchar *key, gpointer user_data)
{
  post (&(News){ .node = user_data, .kind = FOUND, .key = g_strdup (key) });
}

static void
on_get (guint64 request, const gchar *key, gpointer user_data)
{
  vm_nats_store_get (
      ((Node *) user_data)->store, VM_CLUSTER_ROOMS, request, key);
}

static void
on_put (guint64 request, const gchar *key, GBytes *value, guint64 revision,
    gpointer user_data)
{
  vm_nats_store_put (((Node *) user_data)->store, VM_CLUSTER_ROOMS, request,
      key, value, revision);
}

static void
on_beat (const gchar *node, gpointer user_data)
{
  vm_nats_store_beat (((Node *) user_data)->store, node);
}

static void
on_list (gpointer user_data)
{
  vm_nats_store_list (((Node *) user_data)->store);
}

static void
on_watch (const gchar *key, gpointer user_data)
{
  vm_nats_store_watch (((Node *) user_data)->store, key);
}

static void
on_unwatch (const gchar *key, gpointer user_data)
{
  vm_nats_store_unwatch (((Node *) user_data)->store, key);
}

static void
on_scan (const gchar *const *list, gpointer user_data)
{
  vm_nats_store_scan (((Node *) user_data)->store, list);
}

static void
on_seated (guint epoch, const VmClusterRecord *room,
    const VmClusterParticipant *one, const GError *error, gpointer user_data)
{
  Node *node = user_data;

  if (one)
    node->seated++;
  else
    node->refused++;
}

static void
on_gone (guint epoch, const GError *reason, gpointer user_data)
{
  ((Node *) user_data)->gone++;
}

static void
on_changed (const gchar *key, const VmClusterRecord *room, gpointer user_data)
{
  Node *node = user_data;
  g_autofree gchar *own = vm_cluster_key (ROOM);
  GString *view = NULL;

  if (strcmp (key, own) != 0)
    return;
  view = g_string_new (NULL);
  for (guint i = 0; room && i < room->participants->len; i++) {
    const VmClusterParticipant *one = room->participants->pdata[i];

    g_string_append_printf (view, "%s%s=%s", i ? " " : "", one->id, one->node);
  }
  g_free (node->view);
  node->view = g_string_free (view, FALSE);
}

static void
start_store (Node *node, const VmNatsConfig *config)
{
  static const VmNatsFuncs funcs = { on_answer, on_nodes, on_told, on_back,
    on_found };
  g_autoptr (GError) error = NULL;

  node->told = g_string_new (NULL);
  node->store = vm_nats_store_new (config, &funcs, node, &error);
  g_assert_no_error (error);
}

static gchar *
url_of (const gchar *before)
{
  return g_strdup_printf ("%s127.0.0.1:%s", before, server.port);
}

static void
start_node (Node *node, const gchar *name)
{
  static const VmClusterFuncs funcs = { on_get, on_put, on_beat, on_list,
    on_watch, on_unwatch, on_scan, on_seated, on_gone, on_changed };
  g_autofree gchar *url = url_of ("nats://");
  g_autofree gchar *key = vm_cluster_key (ROOM);

  node->name = g_strdup (name);
  node->view = g_strdup ("");
  node->cluster = vm_cluster_new (&funcs, node, name);
  start_store (node, &(VmNatsConfig){ .url = url });
  /* also where it has nobody in it */
  fail_unless (vm_cluster_watch (node->cluster, key, now ()));
}

static void
stop_node (Node *node)
{
  g_clear_pointer (&node->cluster, vm_cluster_free);
  g_clear_pointer (&node->store, vm_nats_store_free);
  /* what it has posted */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_pointer (&node->name, g_free);
  g_clear_pointer (&node->view, g_free);
  g_clear_pointer (&node->value, g_bytes_unref);
  if (node->told)
    g_string_free (g_steal_pointer (&node->told), TRUE);
}

static void
start_nodes (void)
{
  for (guint i = 0; i < NODES; i++) {
    g_autofree gchar *name = g_strdup_printf ("n%u", i + 1);

    start_node (&nodes[i], name);
  }
}

static void
setup (void)
{
  memset (nodes, 0, sizeof nodes);
  ahead = ahead_more = 0;
}

static void
teardown (void)
{
  for (guint i = 0; i < NODES; i++)
    stop_node (&nodes[i]);
  nats_server_clear (&server);
}

static guint
seat (Node *node, const gchar *room, guint size)
{
  const VmClusterParticipant one = { .user = node->name,
    .call_type = VM_CALL_TYPE_VIDEO };
  guint epoch = vm_cluster_take_seat (
      node->cluster, room, "uuid", size, 0, &one, NULL, now (), NULL);

  fail_unless (epoch > 0);
  return epoch;
}

static void
tick (void)
{
  for (guint i = 0; i < NODES; i++) {
    if (nodes[i].cluster)
      vm_cluster_tick (nodes[i].cluster, now ());
  }
}

/* All that are there see @user_data. */
static gboolean
all_see (gpointer user_data)
{
  tick ();
  for (guint i = 0; i < NODES; i++) {
    if (nodes[i].cluster && strcmp (nodes[i].view, user_data) != 0)
      return FALSE;
  }
  return TRUE;
}

static gboolean
all_back (gpointer user_data)
{
  tick ();
  for (guint i = 0; i < NODES; i++) {
    if (nodes[i].store && nodes[i].backs < GPOINTER_TO_UINT (user_data))
      return FALSE;
  }
  return TRUE;
}

static gboolean
has_answers (gpointer user_data)
{
  return nodes[0].answers == GPOINTER_TO_UINT (user_data);
}

/* One request of a store without a cluster, and its answer. */
static VmClusterResult
ask (gboolean put, const gchar *value, guint64 revision)
{
  Node *node = &nodes[0];
  g_autofree gchar *key = vm_cluster_key (ROOM);
  g_autoptr (GBytes) bytes = value ? g_bytes_new (value, strlen (value)) : NULL;
  guint before = node->answers;

  if (put)
    vm_nats_store_put (node->store, VM_CLUSTER_ROOMS, 1, key, bytes, revision);
  else
    vm_nats_store_get (node->store, VM_CLUSTER_ROOMS, 1, key);
  nats_wait (has_answers, GUINT_TO_POINTER (before + 1));
  return node->result;
}

static void
check_value (const gchar *expected)
{
  g_autoptr (GBytes) bytes = g_bytes_new (expected, strlen (expected));

  fail_unless (nodes[0].value && g_bytes_equal (nodes[0].value, bytes));
}

/* A server that has just begun, on a machine that has much else to do, lets the
 * first ones wait for longer than they do. */
static gboolean
is_served (gpointer user_data)
{
  return ask (FALSE, NULL, 0) != VM_CLUSTER_LOST;
}

static gboolean
is_linked (gpointer user_data)
{
  VmNatsLink **link = user_data;

  *link = vm_nats_link_new (options, NULL);
  return *link != NULL;
}

/* What the store promises, one after the other. */
GST_START_TEST (test_revisions)
{
  g_autofree gchar *url = NULL;
  guint64 older, newer;

  nats_server_start (&server, NULL, NULL);
  url = url_of ("nats://");
  start_store (&nodes[0], &(VmNatsConfig){ .url = url });
  nats_wait (is_served, NULL);
  fail_unless_equals_int (nodes[0].result, VM_CLUSTER_DONE);
  fail_if (nodes[0].value);
  fail_unless_equals_int (ask (TRUE, "one", 0), VM_CLUSTER_DONE);
  older = nodes[0].revision;
  fail_unless (older > 0);
  fail_unless_equals_int (ask (TRUE, "other", 0), VM_CLUSTER_CONFLICT);
  fail_unless_equals_int (ask (TRUE, "two", older), VM_CLUSTER_DONE);
  newer = nodes[0].revision;
  fail_unless (newer > older);
  fail_unless_equals_int (ask (TRUE, "other", older), VM_CLUSTER_CONFLICT);
  fail_unless_equals_int (ask (TRUE, NULL, older), VM_CLUSTER_CONFLICT);
  fail_unless_equals_int (ask (FALSE, NULL, 0), VM_CLUSTER_DONE);
  check_value ("two");
  fail_unless (nodes[0].revision == newer);
  fail_unless_equals_int (ask (TRUE, NULL, newer), VM_CLUSTER_DONE);
  fail_unless (nodes[0].revision > newer);
  fail_unless_equals_int (ask (FALSE, NULL, 0), VM_CLUSTER_DONE);
  fail_if (nodes[0].value);
  fail_unless_equals_int (ask (TRUE, "other", newer), VM_CLUSTER_CONFLICT);
  fail_unless_equals_int (ask (TRUE, "three", 0), VM_CLUSTER_DONE);
  fail_unless_equals_int (ask (FALSE, NULL, 0), VM_CLUSTER_DONE);
  check_value ("three");
}

GST_END_TEST;

static VmNatsLink *
start_link (void)
{
  g_autofree gchar *url = url_of ("nats://");
  VmNatsLink *link = NULL;

  fail_unless (natsOptions_Create (&options) == NATS_OK);
  fail_unless (natsOptions_SetURL (options, url) == NATS_OK);
  nats_wait (is_linked, &link);
  return link;
}

static void
stop_link (VmNatsLink *link)
{
  vm_nats_link_free (link);
  g_clear_pointer (&options, natsOptions_Destroy);
}

static gboolean
is_told (gpointer what)
{
  return strcmp (nodes[0].told->str, what) == 0;
}

static void
put_value (VmNatsLink *link, const gchar *key, const gchar *value)
{
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) bytes = value ? g_bytes_new (value, strlen (value)) : NULL;
  guint64 revision = 0;

  fail_unless_equals_int (
      vm_nats_link_get (link, VM_CLUSTER_ROOMS, key, &before, &revision),
      VM_CLUSTER_DONE);
  fail_unless_equals_int (vm_nats_link_put (link, VM_CLUSTER_ROOMS, key, bytes,
                              before ? revision : 0, &revision),
      VM_CLUSTER_DONE);
}

/* Of what a store watches, and from then on, whatever becomes of NATS. */
GST_START_TEST (test_told_of_watched_alone)
{
  g_autofree gchar *url = NULL;
  VmNatsLink *link;

  nats_server_start (&server, NULL, NULL);
  link = start_link ();
  url = url_of ("nats://");
  start_store (&nodes[0], &(VmNatsConfig){ .url = url });
  nats_wait (all_back, GUINT_TO_POINTER (1));
  put_value (link, "a", "before");
  vm_nats_store_watch (nodes[0].store, "a");
  vm_nats_store_watch (nodes[0].store, "b");
  /* the answer to what is asked afterwards is no older */
  ask (FALSE, NULL, 0);
  put_value (link, "c", "c");
  put_value (link, "a", "one");
  put_value (link, "a", NULL);
  put_value (link, "b", "two");
  nats_wait (is_told, (gpointer) "a=one a= b=two");
  fail_unless (nodes[0].revision > 0);
  vm_nats_store_unwatch (nodes[0].store, "b");
  ask (FALSE, NULL, 0);
  put_value (link, "b", "three");
  put_value (link, "a", "three");
  nats_wait (is_told, (gpointer) "a=one a= b=two a=three");
  stop_link (link);
  nats_server_kill (&server);
  nats_server_start (&server, NULL, NULL);
  nats_wait (all_back, GUINT_TO_POINTER (2));
  link = start_link ();
  put_value (link, "b", "four");
  put_value (link, "a", "four");
  nats_wait (is_told, (gpointer) "a=one a= b=two a=three a=four");
  stop_link (link);
}

GST_END_TEST;

static gboolean
one_refused (gpointer user_data)
{
  tick ();
  return nodes[0].seated + nodes[1].seated + nodes[2].seated == 2
         && nodes[0].refused + nodes[1].refused + nodes[2].refused == 1;
}

GST_START_TEST (test_race)
{
  guint epochs[NODES];

  nats_server_start (&server, NULL, NULL);
  start_nodes ();
  nats_wait (all_back, GUINT_TO_POINTER (1));
  for (guint i = 0; i < NODES; i++)
    epochs[i] = seat (&nodes[i], ROOM, 2);
  nats_wait (one_refused, NULL);
  for (guint i = 0; i < NODES; i++) {
    if (nodes[i].seated)
      vm_cluster_leave (nodes[i].cluster, epochs[i], now ());
  }
  nats_wait (all_see, (gpointer) "");
}

GST_END_TEST;

static gboolean
is_missed (gpointer user_data)
{
  tick ();
  return vm_cluster_is_alive (nodes[0].cluster, "n1")
         && !vm_cluster_is_alive (nodes[0].cluster, "n2");
}

static gboolean
is_alive (gpointer user_data)
{
  tick ();
  return vm_cluster_is_alive (nodes[0].cluster, "n2");
}

GST_START_TEST (test_node_dies)
{
  nats_server_start (&server, NULL, NULL);
  start_node (&nodes[0], "n1");
  start_node (&nodes[1], "n2");
  nats_wait (all_back, GUINT_TO_POINTER (1));
  seat (&nodes[0], ROOM, 4);
  nats_wait (all_see, (gpointer) "p001=n1");
  seat (&nodes[1], ROOM, 4);
  nats_wait (all_see, (gpointer) "p001=n1 p002=n2");
  nats_wait (is_alive, NULL);
  stop_node (&nodes[1]);
  nats_wait (is_missed, NULL);
  fail_unless_equals_string (nodes[0].view, "p001=n1 p002=n2");
  ahead_more = 2 * G_USEC_PER_SEC;
  nats_wait (all_see, (gpointer) "p001=n1");
  fail_unless_equals_int (nodes[0].gone, 0);
}

GST_END_TEST;

/* Rooms outlast it, and go on. */
GST_START_TEST (test_server_restarts)
{
  nats_server_start (&server, NULL, NULL);
  start_nodes ();
  nats_wait (all_back, GUINT_TO_POINTER (1));
  seat (&nodes[0], ROOM, 4);
  nats_wait (all_see, (gpointer) "p001=n1");
  nats_server_kill (&server);
  nats_server_start (&server, NULL, NULL);
  nats_wait (all_back, GUINT_TO_POINTER (2));
  seat (&nodes[1], ROOM, 4);
  nats_wait (all_see, (gpointer) "p001=n1 p002=n2");
  fail_unless_equals_int (nodes[0].gone, 0);
  fail_unless_equals_int (nodes[0].seated, 1);
}

GST_END_TEST;

static gboolean
is_refused (gpointer user_data)
{
  tick ();
  return nodes[0].refused == 1;
}

GST_START_TEST (test_nobody_there)
{
  nats_server_start (&server, NULL, NULL);
  nats_server_kill (&server);
  start_node (&nodes[0], "n1");
  seat (&nodes[0], ROOM, 4);
  ahead += VM_CLUSTER_SEAT_TIME;
  nats_wait (is_refused, NULL);
  fail_unless_equals_int (nodes[0].seated, 0);
}

GST_END_TEST;

static VmClusterResult
ask_over_tls (const gchar *before, gboolean with_ca)
{
  g_autofree gchar *url = url_of (before);
  g_autofree gchar *ca = nats_server_path (&server, "cert.pem");
  VmClusterResult result;

  start_store (
      &nodes[0], &(VmNatsConfig){ .url = url, .ca_file = with_ca ? ca : NULL });
  result = ask (FALSE, NULL, 0);
  stop_node (&nodes[0]);
  return result;
}

/* In time: as is_served(). */
static gboolean
is_served_over_tls (gpointer before)
{
  return ask_over_tls (before, TRUE) == VM_CLUSTER_DONE;
}

/* What a server is told before it starts. */
typedef struct
{
  const gchar *before;
  gboolean with_ca;
  const gchar *code; /* NULL: that it may wait */
} Check;

static gboolean
is_checked_so (gpointer data)
{
  const Check *check = data;
  g_autofree gchar *url = url_of (check->before);
  g_autofree gchar *ca = nats_server_path (&server, "cert.pem");
  const VmNatsConfig config = { .url = url,
    .ca_file = check->with_ca ? ca : NULL };
  g_autoptr (GError) error = NULL;
  gboolean good = vm_nats_check (&config, &error);

  fail_unless (good == (error == NULL));
  return g_strcmp0 (error ? vm_error_get_code (error) : NULL, check->code) == 0;
}

/* A server that is slow to answer may be waited for, whatever it will say. */
static void
is_checked (const gchar *before, gboolean with_ca, const gchar *code)
{
  Check check = { before, with_ca, code };

  nats_wait (is_checked_so, &check);
}

GST_START_TEST (test_tls)
{
  nats_server_start_tls (&server, "IP:127.0.0.1");
  nats_wait (is_served_over_tls, (gpointer) "tls://ann:secret-of-ann@");
  is_checked ("tls://ann:secret-of-ann@", TRUE, NULL);
  is_checked ("tls://ann:wrong@", TRUE, "NOT_TRUSTED");
  is_checked ("tls://ann:secret-of-ann@", FALSE, "NOT_TRUSTED");
  is_checked ("http://", TRUE, "BAD_REQUEST");
  /* another password, none, and an authority that nobody knows */
  fail_unless_equals_int (
      ask_over_tls ("tls://ann:wrong@", TRUE), VM_CLUSTER_LOST);
  fail_unless_equals_int (ask_over_tls ("tls://", TRUE), VM_CLUSTER_LOST);
  fail_unless_equals_int (
      ask_over_tls ("tls://ann:secret-of-ann@", FALSE), VM_CLUSTER_LOST);
  /* nobody is there who would not accept it */
  nats_server_kill (&server);
  is_checked ("tls://ann:wrong@", TRUE, NULL);
}

GST_END_TEST;

GST_START_TEST (test_tls_of_another_host)
{
  nats_server_start_tls (&server, "DNS:nats.example");
  fail_unless_equals_int (
      ask_over_tls ("tls://ann:secret-of-ann@", TRUE), VM_CLUSTER_LOST);
}

GST_END_TEST;

static Suite *
natsstore_suite (void)
{
  Suite *s = suite_create ("natsstore");
  TCase *tc = tcase_create ("natsstore");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_revisions);
  tcase_add_test (tc, test_told_of_watched_alone);
  tcase_add_test (tc, test_race);
  tcase_add_test (tc, test_node_dies);
  tcase_add_test (tc, test_server_restarts);
  tcase_add_test (tc, test_nobody_there);
  tcase_add_test (tc, test_tls);
  tcase_add_test (tc, test_tls_of_another_host);
  return s;
}

CHECK_PROGRAM (natsstore)
