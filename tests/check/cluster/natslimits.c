/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What waits for NATS, at the limits of natsstore.h and natsbus.h, below and
 * above: the thread that takes it is held in a callback until all is there; and
 * settings that cannot work. */

#include "support/net/natsserver.h"

#include "program.h"

#include <gst/videomeet/cluster/nats/natsbus.h>
#include <gst/videomeet/cluster/nats/natsstore.h>
#include <string.h>

#define LAST G_MAXUINT /* what comes when there is place again */
/* Longer than a connection that fails takes, and the wait for the next. */
#define SAY_AGAIN (10 * G_USEC_PER_SEC)

/* Calls of one kind are counted, and held when told so. */
typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean held;
  guint calls; /* that have begun */
  GArray *numbers; /* of what has come */
} Gate;

static Gate gate, far_gate;
static NatsServer server;
static gint64 say_next;

static void
gate_init (Gate *self, gboolean held)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->held = held;
  self->calls = 0;
  self->numbers = g_array_new (FALSE, FALSE, sizeof (guint));
}

static void
gate_clear (Gate *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_array_unref (self->numbers);
}

static void
gate_pass (Gate *self)
{
  g_mutex_lock (&self->lock);
  self->calls++;
  g_cond_broadcast (&self->cond);
  while (self->held)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
}

static void
gate_open (Gate *self)
{
  g_mutex_lock (&self->lock);
  self->held = FALSE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
gate_note (Gate *self, guint number)
{
  g_mutex_lock (&self->lock);
  g_array_append_val (self->numbers, number);
  g_mutex_unlock (&self->lock);
}

/* How many have come, and the last of them. */
static guint
gate_count (Gate *self, guint *last)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->numbers->len;
  *last = n ? g_array_index (self->numbers, guint, n - 1) : 0;
  g_mutex_unlock (&self->lock);
  return n;
}

static gboolean
has_calls (Gate *self, guint n)
{
  gboolean has;

  g_mutex_lock (&self->lock);
  has = self->calls >= n;
  g_mutex_unlock (&self->lock);
  return has;
}

static gboolean
is_called (gpointer n)
{
  return has_calls (&gate, GPOINTER_TO_UINT (n));
}

static gboolean
far_is_called (gpointer n)
{
  return has_calls (&far_gate, GPOINTER_TO_UINT (n));
}

static gboolean
has_come (gpointer n)
{
  guint last;

  return gate_count (&far_gate, &last) >= GPOINTER_TO_UINT (n);
}

static void
setup (void)
{
  memset (&server, 0, sizeof server);
  say_next = 0;
  gate_init (&gate, TRUE);
  gate_init (&far_gate, FALSE);
}

static void
teardown (void)
{
  nats_server_clear (&server);
  gate_clear (&gate);
  gate_clear (&far_gate);
}

/* The store: without a server each request is answered, that it is lost */

static void
on_answer (VmClusterBucket bucket, guint64 request, VmClusterResult result,
    GBytes *value, guint64 revision, gpointer user_data)
{
  gate_note (&far_gate, (guint) request);
  gate_pass (&gate);
}

static void
on_nodes (const gchar *const *nodes, gpointer user_data)
{
}

static void
on_told (const gchar *key, GBytes *value, guint64 revision, gpointer user_data)
{
}

static void
on_back (gpointer user_data)
{
}

static void
on_found (const gchar *key, gpointer user_data)
{
}

GST_START_TEST (test_requests)
{
  static const VmNatsFuncs funcs = { on_answer, on_nodes, on_told, on_back,
    on_found };
  const VmNatsConfig config = { .url = "nats://127.0.0.1:1" };
  const guint wanted = VM_NATS_QUEUE_MAX - 1 + __i__;
  const guint kept = MIN (wanted, VM_NATS_QUEUE_MAX);
  g_autoptr (VmNatsStore) store =
      vm_nats_store_new (&config, &funcs, NULL, NULL);
  guint last;

  vm_nats_store_get (store, VM_CLUSTER_ROOMS, 0, "key");
  nats_wait (is_called, GUINT_TO_POINTER (1));
  for (guint i = 1; i <= wanted; i++)
    vm_nats_store_get (store, VM_CLUSTER_ROOMS, i, "key");
  gate_open (&gate);
  nats_wait (has_come, GUINT_TO_POINTER (1 + kept));
  vm_nats_store_get (store, VM_CLUSTER_ROOMS, LAST, "key");
  nats_wait (has_come, GUINT_TO_POINTER (2 + kept));
  fail_unless_equals_int (gate_count (&far_gate, &last), 2 + kept);
  fail_unless (last == LAST);
}

GST_END_TEST;

/* The bus: one thread that says and one that hears, each with a connection */

static void
on_heard_nothing (GBytes *frame, gpointer user_data)
{
}

static void
on_heard (GBytes *frame, gpointer user_data)
{
  guint number;

  g_assert_cmpuint (g_bytes_get_size (frame), ==, sizeof number);
  memcpy (&number, g_bytes_get_data (frame, NULL), sizeof number);
  gate_note (&far_gate, number);
}

static void
on_connected (gpointer user_data)
{
  gate_pass (user_data);
}

static void
say (VmNatsBus *bus, guint number)
{
  g_autoptr (GBytes) frame = g_bytes_new (&number, sizeof number);

  vm_nats_bus_send (bus, "two", frame);
}

/* Whether both threads are: what is said from now on waits. A frame that finds
 * no connection is lost; the next one then makes another try. */
static gboolean
is_held (gpointer bus)
{
  gint64 now = g_get_monotonic_time ();

  if (now >= say_next) {
    say (bus, 0);
    say_next = now + SAY_AGAIN;
  }
  return has_calls (&gate, 2);
}

GST_START_TEST (test_frames)
{
  static const VmNatsBusFuncs says = { on_heard_nothing, on_connected };
  static const VmNatsBusFuncs hears = { on_heard, on_connected };
  const guint wanted = VM_NATS_BUS_MAX - 1 + __i__;
  const guint kept = MIN (wanted, VM_NATS_BUS_MAX);
  g_autoptr (VmNatsBus) one = NULL, two = NULL;
  g_autofree gchar *url = NULL;
  VmNatsConfig config = { 0 };
  guint last;

  nats_server_start (&server, NULL, NULL);
  config.url = url = g_strdup_printf ("nats://127.0.0.1:%s", server.port);
  two = vm_nats_bus_new (&config, "two", &hears, &far_gate, NULL);
  nats_wait (far_is_called, GUINT_TO_POINTER (1));
  one = vm_nats_bus_new (&config, "one", &says, &gate, NULL);
  nats_wait (is_held, one);
  for (guint i = 1; i <= wanted; i++)
    say (one, i);
  gate_open (&gate);
  nats_wait (has_come, GUINT_TO_POINTER (1 + kept));
  say (one, LAST);
  nats_wait (has_come, GUINT_TO_POINTER (2 + kept));
  fail_unless_equals_int (gate_count (&far_gate, &last), 2 + kept);
  fail_unless (last == LAST);
}

GST_END_TEST;

GST_START_TEST (test_configuration)
{
  static const VmNatsFuncs funcs = { NULL };
  const gchar *urls[] = { "", "nats", "nats://", "http://127.0.0.1", "nats:x" };

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vm_nats_store_new (
        &(VmNatsConfig){ .url = urls[i] }, &funcs, NULL, &error));
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_REQUEST));
  }
  {
    g_autoptr (GError) error = NULL;

    fail_if (vm_nats_store_new (
        &(VmNatsConfig){ .url = "tls://127.0.0.1", .ca_file = "/nowhere" },
        &funcs, NULL, &error));
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_REQUEST));
  }
}

GST_END_TEST;

static Suite *
natslimits_suite (void)
{
  Suite *s = suite_create ("natslimits");
  TCase *tc = tcase_create ("general");
  TCase *settings = tcase_create ("settings");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  /* below, at, above */
  tcase_add_loop_test (tc, test_requests, 0, 3);
  tcase_add_loop_test (tc, test_frames, 0, 3);
  suite_add_tcase (s, settings);
  tcase_add_test (settings, test_configuration);
  return s;
}

CHECK_PROGRAM (natslimits)
