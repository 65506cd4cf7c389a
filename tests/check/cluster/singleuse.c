/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is good once: one of two has it, whatever becomes of the store's
 * answers. */

#include "program.h"

#include <gst/videomeet/cluster/singleuse.h>
#include <string.h>

#define NODES 2
#define SECOND G_USEC_PER_SEC

/* What becomes of a request. */
typedef enum
{
  WELL,
  LOST_BEFORE, /* it has not happened, and is told to be lost */
  LOST_AFTER, /* it has happened, and is told to be lost */
  SILENT_BEFORE, /* nobody says anything */
  SILENT_AFTER,
  N_FATES
} Fate;

typedef struct
{
  VmSingleUse *once;
  guint64 request;
  gboolean put;
  GBytes *value;
  guint64 before;
} Request;

typedef struct
{
  guint answers;
  VmSingleUseResult result;
  gchar *value; /* or NULL */
  guint looks;
} Client;

static VmSingleUse *nodes[NODES];
static Client clients[NODES];
static GQueue requests;
static GBytes *record; /* NULL: none */
static guint64 revision;
static gint64 now;
static gboolean good; /* what is looked at */

static void
push (VmSingleUse **once, guint64 number, gboolean put, GBytes *value,
    guint64 before)
{
  Request *request = g_new (Request, 1);

  *request = (Request){ *once, number, put, value ? g_bytes_ref (value) : NULL,
    before };
  g_queue_push_tail (&requests, request);
}

static void
on_get (VmClusterBucket bucket, guint64 request, const gchar *key,
    gpointer user_data)
{
  fail_unless_equals_int (strlen (key), VM_CLUSTER_KEY_LENGTH);
  push (user_data, request, FALSE, NULL, 0);
}

static void
on_put (VmClusterBucket bucket, guint64 request, const gchar *key,
    GBytes *value, guint64 before, gpointer user_data)
{
  fail_unless_equals_int (bucket, VM_CLUSTER_TICKETS);
  push (user_data, request, TRUE, value, before);
}

static VmClusterResult
write_record (const Request *request)
{
  if (request->before != (record ? revision : 0))
    return VM_CLUSTER_CONFLICT;
  g_clear_pointer (&record, g_bytes_unref);
  record = g_bytes_ref (request->value);
  revision++;
  return VM_CLUSTER_DONE;
}

/* FALSE: there is none. */
static gboolean
serve (Fate fate)
{
  g_autofree Request *request = g_queue_pop_head (&requests);
  VmClusterResult result = VM_CLUSTER_DONE;

  if (!request)
    return FALSE;
  if (request->put && fate != LOST_BEFORE && fate != SILENT_BEFORE)
    result = write_record (request);
  if (fate == LOST_BEFORE || fate == LOST_AFTER)
    result = VM_CLUSTER_LOST;
  if (fate != SILENT_BEFORE && fate != SILENT_AFTER)
    vm_single_use_answer (request->once, request->request, result,
        request->put || result ? NULL : record,
        result == VM_CLUSTER_DONE && record ? revision : 0, now);
  g_clear_pointer (&request->value, g_bytes_unref);
  return TRUE;
}

static void
pass (guint seconds)
{
  for (guint i = 0; i < seconds; i++) {
    now += SECOND;
    for (guint n = 0; n < NODES; n++)
      vm_single_use_tick (nodes[n], now);
    while (serve (WELL))
      continue;
  }
}

static gboolean
look (GBytes *value, gpointer user_data)
{
  Client *client = user_data;

  client->looks++;
  return good && g_bytes_get_size (value) > 0
         && strncmp (g_bytes_get_data (value, NULL), "kept", 4) == 0;
}

static void
done (VmSingleUseResult result, GBytes *value, gpointer user_data)
{
  Client *client = user_data;

  client->answers++;
  client->result = result;
  g_free (client->value);
  client->value = value ? g_strndup (
                      g_bytes_get_data (value, NULL), g_bytes_get_size (value))
                        : NULL;
}

static const VmSingleUseAsker asker = { look, done };

static void
setup (void)
{
  static const VmSingleUseFuncs funcs = { on_get, on_put };

  now = 1000 * SECOND;
  good = TRUE;
  revision = 0;
  for (guint i = 0; i < NODES; i++) {
    clients[i] = (Client){ 0 };
    nodes[i] = vm_single_use_new (&funcs, &nodes[i], i ? "b-node" : "a-node");
  }
}

static void
teardown (void)
{
  while (serve (SILENT_BEFORE))
    continue;
  for (guint i = 0; i < NODES; i++) {
    vm_single_use_free (nodes[i]);
    g_free (clients[i].value);
  }
  g_clear_pointer (&record, g_bytes_unref);
}

static void
keep (void)
{
  g_autoptr (GBytes) value = g_bytes_new_static ("kept", 4);

  fail_unless (vm_single_use_keep (nodes[0], VM_CLUSTER_TICKETS, "it", value,
                   &asker, &clients[0], now)
               > 0);
}

static guint64
use (guint i)
{
  return vm_single_use_use (
      nodes[i], VM_CLUSTER_TICKETS, "it", &asker, &clients[i], now);
}

static guint64
claim (guint i)
{
  return vm_single_use_claim (
      nodes[i], VM_CLUSTER_TICKETS, "it", &asker, &clients[i], now);
}

static void
has (guint i, VmSingleUseResult result)
{
  fail_unless_equals_int (clients[i].answers, 1);
  fail_unless_equals_int (clients[i].result, result);
  clients[i].answers = 0;
}

static void
begin_anew (void)
{
  teardown ();
  setup ();
}

/* With each thing that may happen to each of its requests: kept, used once. */
GST_START_TEST (test_use)
{
  for (Fate fate = WELL; fate < N_FATES; fate++) {
    for (guint nth = 0; nth < 3; nth++) {
      begin_anew ();
      keep ();
      serve (nth == 0 ? fate : WELL);
      pass (8);
      has (0, VM_SINGLE_USE_DONE);
      use (1);
      for (guint i = 1; i < nth; i++)
        serve (WELL);
      serve (nth ? fate : WELL);
      pass (8);
      has (1, VM_SINGLE_USE_DONE);
      fail_unless_equals_string (clients[1].value, "kept");
      use (0);
      pass (1);
      has (0, VM_SINGLE_USE_SPENT);
      use (1);
      pass (1);
      has (1, VM_SINGLE_USE_SPENT);
    }
  }
}

GST_END_TEST;

/* Whatever happens to the first request of one, the other has it, or it has. */
GST_START_TEST (test_claim)
{
  for (Fate fate = WELL; fate < N_FATES; fate++) {
    begin_anew ();
    claim (0);
    claim (1);
    serve (fate);
    pass (9);
    fail_unless_equals_int (clients[0].answers, 1);
    fail_unless_equals_int (clients[1].answers, 1);
    if (fate == LOST_BEFORE || fate == SILENT_BEFORE) {
      has (0, VM_SINGLE_USE_SPENT);
      has (1, VM_SINGLE_USE_DONE);
    } else {
      has (0, VM_SINGLE_USE_DONE);
      has (1, VM_SINGLE_USE_SPENT);
    }
    /* also not by whoever has it */
    claim (fate == LOST_BEFORE || fate == SILENT_BEFORE);
    pass (1);
    has (fate == LOST_BEFORE || fate == SILENT_BEFORE, VM_SINGLE_USE_SPENT);
  }
}

GST_END_TEST;

/* Both have read it before one has written. */
GST_START_TEST (test_race)
{
  keep ();
  pass (1);
  has (0, VM_SINGLE_USE_DONE);
  use (0);
  use (1);
  pass (1);
  has (0, VM_SINGLE_USE_DONE);
  has (1, VM_SINGLE_USE_SPENT);
}

GST_END_TEST;

GST_START_TEST (test_not_there)
{
  use (0);
  pass (1);
  has (0, VM_SINGLE_USE_SPENT);
  fail_unless_equals_int (clients[0].looks, 0);
}

GST_END_TEST;

/* Whoever may not use it has not used it. */
GST_START_TEST (test_look)
{
  keep ();
  pass (1);
  has (0, VM_SINGLE_USE_DONE);
  good = FALSE;
  use (1);
  pass (1);
  has (1, VM_SINGLE_USE_SPENT);
  good = TRUE;
  use (1);
  pass (1);
  has (1, VM_SINGLE_USE_DONE);
}

GST_END_TEST;

/* Nobody who asked is needed. */
GST_START_TEST (test_drop)
{
  keep ();
  pass (1);
  has (0, VM_SINGLE_USE_DONE);
  fail_unless (
      vm_single_use_use (nodes[0], VM_CLUSTER_TICKETS, "it", NULL, NULL, now)
      > 0);
  pass (1);
  fail_unless_equals_int (vm_single_use_count (nodes[0]), 0);
  use (1);
  pass (1);
  has (1, VM_SINGLE_USE_SPENT);
}

GST_END_TEST;

GST_START_TEST (test_deadline)
{
  use (0);
  for (guint i = 1; i < VM_SINGLE_USE_TIME / SECOND; i++) {
    now += SECOND;
    vm_single_use_tick (nodes[0], now);
    while (serve (i % 2 ? LOST_BEFORE : SILENT_BEFORE))
      continue;
  }
  now += SECOND - 1;
  vm_single_use_tick (nodes[0], now);
  fail_unless_equals_int (clients[0].answers, 0);
  now++;
  vm_single_use_tick (nodes[0], now);
  has (0, VM_SINGLE_USE_LOST);
  fail_unless_equals_int (vm_single_use_count (nodes[0]), 0);
  /* an answer that is late is nobody's */
  pass (1);
  fail_unless_equals_int (clients[0].answers, 0);
}

GST_END_TEST;

GST_START_TEST (test_cancel)
{
  guint64 number = claim (0);

  vm_single_use_cancel (nodes[0], number);
  vm_single_use_cancel (nodes[0], number);
  pass (1);
  fail_unless_equals_int (clients[0].answers, 0);
  fail_unless_equals_int (vm_single_use_count (nodes[0]), 0);
}

GST_END_TEST;

GST_START_TEST (test_limit)
{
  guint64 number = 0;

  for (guint i = 0; i < VM_SINGLE_USE_MAX; i++) {
    fail_unless_equals_int (vm_single_use_count (nodes[0]), i);
    number = use (0);
    fail_unless (number > 0);
  }
  fail_unless_equals_int64 (use (0), 0);
  fail_unless_equals_int64 (claim (0), 0);
  fail_unless_equals_int (vm_single_use_count (nodes[0]), VM_SINGLE_USE_MAX);
  vm_single_use_cancel (nodes[0], number);
  fail_unless (use (0) > 0);
}

GST_END_TEST;

static Suite *
singleuse_suite (void)
{
  Suite *s = suite_create ("singleuse");
  TCase *tc = tcase_create ("singleuse");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_use);
  tcase_add_test (tc, test_claim);
  tcase_add_test (tc, test_race);
  tcase_add_test (tc, test_not_there);
  tcase_add_test (tc, test_look);
  tcase_add_test (tc, test_drop);
  tcase_add_test (tc, test_deadline);
  tcase_add_test (tc, test_cancel);
  tcase_add_test (tc, test_limit);
  return s;
}

CHECK_PROGRAM (singleuse)
