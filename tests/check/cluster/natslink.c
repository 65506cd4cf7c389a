/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One connection to a real nats-server, on loopback: what the store's threads
 * do with its buckets (natslink.h). */

#include "support/net/natsserver.h"

#include "program.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/cluster/nats/natslink.h>
#include <string.h>

static NatsServer server;
static natsOptions *options;

static void
setup (void)
{
  nats_server_start (&server, NULL, NULL);
}

static void
teardown (void)
{
  nats_server_clear (&server);
}

static gchar *
url_of (const gchar *before)
{
  return g_strdup_printf ("%s127.0.0.1:%s", before, server.port);
}

static gboolean
is_linked (gpointer user_data)
{
  VmNatsLink **link = user_data;

  *link = vm_nats_link_new (options, NULL);
  return *link != NULL;
}

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

static guint
count_stored (VmNatsLink *link)
{
  jsStreamInfo *info = NULL;
  guint count;

  fail_unless (
      js_GetStreamInfo (&info, link->stream, "KV_vm_records", NULL, NULL)
      == NATS_OK);
  count = (guint) info->State.Msgs;
  jsStreamInfo_Destroy (info);
  return count;
}

static gboolean
on_scanned (const gchar *key, gpointer user_data)
{
  GPtrArray *keys = user_data;

  g_ptr_array_add (keys, g_strdup (key));
  return keys->len < 2;
}

/* Those that name a node that is none of @nodes, two at most. */
static void
scan (VmNatsLink *link, const gchar *const *list, gint64 age, const gchar *what)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *found = NULL;

  vm_nats_link_scan (link, list, age, on_scanned, keys);
  g_ptr_array_add (keys, NULL);
  found = g_strjoinv (" ", (gchar **) keys->pdata);
  fail_unless_equals_string (found, what);
}

static void
put_record (VmNatsLink *link, const gchar *key, const gchar *node)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new (key, "uuid", 4);
  const VmClusterParticipant one = {
    .node = (gchar *) node, .epoch = 1, .call_type = VM_CALL_TYPE_VIDEO
  };
  g_autoptr (GBytes) value = NULL;
  guint64 revision = 0;

  fail_unless (vm_cluster_record_seat (record, &one, NULL));
  value = vm_cluster_record_write (record);
  fail_unless_equals_int (
      vm_nats_link_put (link, VM_CLUSTER_ROOMS, key, value, 0, &revision),
      VM_CLUSTER_DONE);
}

GST_START_TEST (test_scanned)
{
  const gchar *both[] = { "n1", "n2", NULL }, *one[] = { "n1", NULL };
  const gchar *none[] = { NULL };
  g_autoptr (GBytes) damaged = g_bytes_new_static ("VMR1?", 5);
  guint64 revision = 0;
  VmNatsLink *link;

  link = start_link ();
  scan (link, none, VM_NATS_SWEEP_AGE, "");
  put_record (link, "a", "n1");
  put_record (link, "b", "n2");
  put_record (link, "c", "n1");
  fail_unless_equals_int (
      vm_nats_link_put (link, VM_CLUSTER_ROOMS, "d", damaged, 0, &revision),
      VM_CLUSTER_DONE);
  scan (link, both, VM_NATS_SWEEP_AGE, "");
  scan (link, one, VM_NATS_SWEEP_AGE, "b");
  scan (link, none, VM_NATS_SWEEP_AGE, "a b");
  stop_link (link);
}

GST_END_TEST;

/* In one answer, whoever beats. */
GST_START_TEST (test_listed)
{
  VmNatsLink *link;

  link = start_link ();
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *name = g_strdup_printf ("node-%u", i);
    g_auto (GStrv) list = vm_nats_link_list (link);

    fail_unless_equals_int (g_strv_length (list), i);
    fail_if (g_strv_contains ((const gchar *const *) list, name));
    vm_nats_link_beat (link, name);
    vm_nats_link_beat (link, name);
    g_strfreev (g_steal_pointer (&list));
    list = vm_nats_link_list (link);
    fail_unless (g_strv_contains ((const gchar *const *) list, name));
  }
  stop_link (link);
}

GST_END_TEST;

/* That does not tell of changes: another program has made it. */
GST_START_TEST (test_bucket_that_is_silent)
{
  g_autoptr (GError) error = NULL;
  VmNatsLink *link;
  kvStore *bucket = NULL;
  kvConfig config;

  link = start_link ();
  fail_unless (js_DeleteKeyValue (link->stream, "vm_records") == NATS_OK);
  kvConfig_Init (&config);
  config.Bucket = "vm_records";
  fail_unless (js_CreateKeyValue (&bucket, link->stream, &config) == NATS_OK);
  kvStore_Destroy (bucket);
  fail_if (vm_nats_link_new (options, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED));
  fail_unless (strstr (error->message, "vm_records") != NULL);
  stop_link (link);
}

GST_END_TEST;

/* What removed rooms leave behind goes; what came after them stays. */
GST_START_TEST (test_swept)
{
  const gchar *none[] = { NULL };
  VmNatsLink *link;
  g_autoptr (GBytes) value = g_bytes_new_static ("one", 3);
  g_autoptr (GBytes) read = NULL;
  guint64 revision = 0;

  link = start_link ();
  for (guint i = 0; i < 10; i++) {
    g_autofree gchar *key = g_strdup_printf ("room%u", i);

    fail_unless_equals_int (
        vm_nats_link_put (link, VM_CLUSTER_ROOMS, key, value, 0, &revision),
        VM_CLUSTER_DONE);
    fail_unless_equals_int (vm_nats_link_put (link, VM_CLUSTER_ROOMS, key, NULL,
                                revision, &revision),
        VM_CLUSTER_DONE);
  }
  fail_unless_equals_int (
      vm_nats_link_put (link, VM_CLUSTER_ROOMS, "room0", value, 0, &revision),
      VM_CLUSTER_DONE);
  fail_unless_equals_int (count_stored (link), 10);
  scan (link, none, VM_NATS_SWEEP_AGE, "");
  fail_unless_equals_int (count_stored (link), 10);
  scan (link, none, 0, "");
  fail_unless_equals_int (count_stored (link), 1);
  fail_unless_equals_int (
      vm_nats_link_get (link, VM_CLUSTER_ROOMS, "room0", &read, &revision),
      VM_CLUSTER_DONE);
  fail_unless (read && g_bytes_equal (read, value));
  fail_unless_equals_int (
      vm_nats_link_put (link, VM_CLUSTER_ROOMS, "room1", value, 0, &revision),
      VM_CLUSTER_DONE);
  stop_link (link);
}

GST_END_TEST;

/* A bucket that was removed, and one that is in its place. */
GST_START_TEST (test_gone_back)
{
  VmNatsLink *link, *silent, *other;
  g_autoptr (GBytes) value = g_bytes_new_static ("one", 3);
  g_autoptr (GBytes) read = NULL;
  guint64 revision = 0;

  link = start_link ();
  nats_wait (is_linked, &silent);
  fail_if (vm_nats_link_has_gone_back (link, 0));
  fail_unless_equals_int (
      vm_nats_link_put (link, VM_CLUSTER_ROOMS, "room", value, 0, &revision),
      VM_CLUSTER_DONE);
  fail_if (vm_nats_link_has_gone_back (link, revision - 1));
  fail_if (vm_nats_link_has_gone_back (link, revision));
  fail_unless (vm_nats_link_has_gone_back (link, revision + 1));
  fail_unless (
      js_DeleteStream (link->stream, "KV_vm_records", NULL, NULL) == NATS_OK);
  fail_unless (vm_nats_link_has_gone_back (link, 0));
  fail_if (vm_nats_link_is_lost (link));
  fail_unless_equals_int (
      vm_nats_link_get (link, VM_CLUSTER_ROOMS, "room", &read, &revision),
      VM_CLUSTER_LOST);
  fail_unless (vm_nats_link_is_lost (link));
  nats_wait (is_linked, &other);
  fail_unless (vm_nats_link_has_gone_back (link, 0));
  /* also where nobody has asked before */
  fail_unless (vm_nats_link_has_gone_back (silent, 0));
  fail_if (vm_nats_link_has_gone_back (other, 0));
  vm_nats_link_free (other);
  vm_nats_link_free (silent);
  stop_link (link);
}

GST_END_TEST;

static Suite *
natslink_suite (void)
{
  Suite *s = suite_create ("natslink");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_scanned);
  tcase_add_test (tc, test_listed);
  tcase_add_test (tc, test_bucket_that_is_silent);
  tcase_add_test (tc, test_swept);
  tcase_add_test (tc, test_gone_back);
  return s;
}

CHECK_PROGRAM (natslink)
