/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vmtrust: what flows through it, and what the elements beside it learn. */

#include "nodegone.h"
#include "program.h"

#include <gst/check/gstharness.h>
#include <gst/videomeet/plugin/plugin.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>

#define PATIENCE (90 * GST_SECOND)
#define CAPS "audio/x-test, rate=(int)8000"

static const gchar *const protections[] = { "hmac", "signature", "sha256" };
/* a checksum is for accidents */
#define N_AUTHENTIC 2

static gchar *folder; /* with one folder for each device */
static VmNode *node; /* of the process, off the network */

static gchar *
folder_of (const gchar *who)
{
  return g_build_filename (folder, who, NULL);
}

static VmTrustStore *
store_of (const gchar *who)
{
  g_autofree gchar *path = folder_of (who);

  return vm_trust_store_new (path);
}

static VmIdentity *
identity_of (const gchar *who)
{
  g_autofree gchar *path = folder_of (who);
  g_autoptr (GError) error = NULL;
  VmIdentity *identity = vm_identity_load (path, &error);

  g_assert_no_error (error);
  return identity;
}

/* @who has met @other. */
static void
meet (const gchar *who, const gchar *other)
{
  g_autoptr (VmTrustStore) store = store_of (who);
  g_autoptr (VmIdentity) own = identity_of (who);
  g_autoptr (VmIdentity) identity = identity_of (other);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;

  vm_trust_store_pin (store, other, "laptop",
      vm_identity_get_tls_certificate (identity), now, &error);
  g_assert_no_error (error);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-trust-XXXXXX", NULL);
  node = vm_node_get_default ();
  g_object_set (node, "methods", VM_METHODS_NONE, "announce", VM_ANNOUNCE_OFF,
      "port", 0, NULL);
}

static void
remove_all (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);

    remove_all (child);
  }
  g_remove (path);
}

static void
teardown (void)
{
  node_let_go (&node);
  remove_all (folder);
  g_clear_pointer (&folder, g_free);
}

static const gchar *
field_of (GstMessage *message, const gchar *name)
{
  return gst_structure_get_string (gst_message_get_structure (message), name);
}

/* Streams */

/* An element in PLAYING, with a bus to hear its errors. */
typedef struct
{
  GstHarness *h;
  GstBus *bus;
} Trial;

static Trial
trial (const gchar *who, const gchar *mode, const gchar *protection,
    const gchar *peer)
{
  g_autofree gchar *path = folder_of (who);
  GstElement *element = gst_element_factory_make ("vmtrust", NULL);
  Trial t;

  fail_unless (element != NULL);
  gst_util_set_object_arg (G_OBJECT (element), "mode", mode);
  gst_util_set_object_arg (G_OBJECT (element), "protection", protection);
  g_object_set (element, "store", path, "peer", peer, NULL);
  t.bus = gst_bus_new ();
  gst_element_set_bus (element, t.bus);
  t.h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  return t;
}

static Trial
signing (const gchar *who, guint protection, const gchar *peer)
{
  Trial t = trial (who, "sign", protections[protection], peer);

  gst_harness_set_src_caps_str (t.h, CAPS);
  return t;
}

static Trial
verifying (const gchar *who, guint protection, const gchar *peer, Trial *from)
{
  Trial t = trial (who, "verify", protections[protection], peer);
  GstCaps *caps = gst_pad_get_current_caps (from->h->sinkpad);

  fail_unless (caps != NULL);
  gst_harness_set_src_caps (t.h, caps);
  return t;
}

static void
end (Trial *t)
{
  gst_element_set_bus (t->h->element, NULL);
  gst_harness_teardown (t->h);
  gst_bus_set_flushing (t->bus, TRUE);
  gst_object_unref (t->bus);
}

static GstBuffer *
buffer_of (const gchar *text)
{
  return *text ? gst_buffer_new_memdup (text, strlen (text))
               : gst_buffer_new ();
}

static GstBuffer *
tagged (Trial *from, const gchar *text)
{
  GstBuffer *buffer = gst_harness_push_and_pull (from->h, buffer_of (text));

  fail_unless (buffer != NULL);
  return buffer;
}

static void
taken (Trial *to, GstBuffer *buffer, const gchar *text)
{
  g_autoptr (GstBuffer) out = NULL;

  fail_unless_equals_int (gst_harness_push (to->h, buffer), GST_FLOW_OK);
  out = gst_harness_pull (to->h);
  gst_check_buffer_data (out, text, strlen (text));
}

/* The code in the details of the error that is on the bus. */
static gchar *
error_code (Trial *t)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (t->bus, GST_MESSAGE_ERROR);
  const GstStructure *details = NULL;

  fail_unless (message != NULL, "no error was posted");
  gst_message_parse_error_details (message, &details);
  return g_strdup (gst_structure_get_string (details, "code"));
}

/* The stream ends with that error, and nothing of @buffer goes on. */
static void
refused (Trial *to, GstBuffer *buffer, const gchar *expected)
{
  g_autofree gchar *code = NULL;

  fail_unless_equals_int (gst_harness_push (to->h, buffer), GST_FLOW_ERROR);
  fail_unless_equals_int (gst_harness_buffers_in_queue (to->h), 0);
  code = error_code (to);
  fail_unless_equals_string (code, expected);
}

static void
flip (GstBuffer *buffer, gsize at)
{
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READWRITE));
  map.data[at] ^= 0x10;
  gst_buffer_unmap (buffer, &map);
}

GST_START_TEST (test_own_stream)
{
  Trial from = signing ("ann", __i__, NULL);
  Trial to = verifying ("ann", __i__, NULL, &from);
  g_autoptr (GstCaps) expected = gst_caps_from_string (CAPS);
  g_autoptr (GstCaps) caps = NULL;

  taken (&to, tagged (&from, "one"), "one");
  taken (&to, tagged (&from, ""), "");
  taken (&to, tagged (&from, "three"), "three");
  caps = gst_pad_get_current_caps (to.h->sinkpad);
  fail_unless (gst_caps_is_equal (caps, expected));
  end (&from);
  end (&to);
}

GST_END_TEST;

GST_START_TEST (test_two_devices)
{
  Trial from, to;

  meet ("ann", "bob");
  meet ("bob", "ann");
  from = signing ("ann", __i__, "bob");
  to = verifying ("bob", __i__, "ann", &from);
  taken (&to, tagged (&from, "one"), "one");
  taken (&to, tagged (&from, "two"), "two");
  end (&from);
  end (&to);
}

GST_END_TEST;

/* In what was signed, in the tag's head, and in its proof. */
GST_START_TEST (test_flipped_bit)
{
  for (gsize at = 0; at < 3 + 29 + 1; at += 4) {
    Trial from = signing ("ann", __i__, NULL);
    Trial to = verifying ("ann", __i__, NULL, &from);
    GstBuffer *buffer = tagged (&from, "one");

    flip (buffer, at);
    /* "VMT1" and the kind of tag, without which it is none */
    refused (&to, buffer, at >= 3 && at < 8 ? "BAD_MESSAGE" : "SIGNATURE");
    end (&from);
    end (&to);
  }
}

GST_END_TEST;

GST_START_TEST (test_wrong_key)
{
  Trial from, to;

  meet ("ann", "bob");
  meet ("bob", "ann");
  meet ("bob", "eve");
  from = signing ("ann", __i__, "bob");
  to = verifying ("bob", __i__, "eve", &from);
  refused (&to, tagged (&from, "one"), "SIGNATURE");
  end (&from);
  end (&to);
}

GST_END_TEST;

GST_START_TEST (test_missing_tag)
{
  Trial from = signing ("ann", __i__, NULL);
  Trial to;

  gst_buffer_unref (tagged (&from, "one"));
  to = verifying ("ann", __i__, NULL, &from);
  refused (&to, buffer_of ("one"), "BAD_MESSAGE");
  end (&from);
  end (&to);
}

GST_END_TEST;

GST_START_TEST (test_replay)
{
  Trial from = signing ("ann", __i__, NULL);
  Trial to = verifying ("ann", __i__, NULL, &from);
  GstBuffer *buffer = tagged (&from, "one");

  taken (&to, gst_buffer_copy_deep (buffer), "one");
  taken (&to, tagged (&from, "two"), "two");
  refused (&to, buffer, "SIGNATURE");
  end (&from);
  end (&to);
}

GST_END_TEST;

/* A stream of before, whole, to who has said which it waits for. */
GST_START_TEST (test_older_stream)
{
  Trial old = signing ("ann", __i__, NULL);
  Trial now = signing ("ann", __i__, NULL);
  Trial to = trial ("ann", "verify", protections[__i__], NULL);
  g_autofree gchar *number = NULL;

  g_object_get (now.h->element, "stream", &number, NULL);
  fail_unless_equals_int (strlen (number), 32);
  gst_element_set_state (to.h->element, GST_STATE_READY);
  g_object_set (to.h->element, "stream", number, NULL);
  gst_element_set_state (to.h->element, GST_STATE_PLAYING);
  gst_buffer_unref (tagged (&now, "none"));
  gst_harness_set_src_caps (to.h, gst_pad_get_current_caps (now.h->sinkpad));
  taken (&to, tagged (&now, "one"), "one");
  refused (&to, tagged (&old, "one"), "SIGNATURE");
  end (&old);
  end (&now);
  end (&to);
}

GST_END_TEST;

static const GstStructure *
message_of (GstMessage *message, const gchar *name)
{
  const GstStructure *s = message ? gst_message_get_structure (message) : NULL;

  fail_unless (s && gst_structure_has_name (s, name), "no %s", name);
  return s;
}

/* What is left out is told, but not each of many; what is good goes on. */
GST_START_TEST (test_drop)
{
  Trial from = signing ("ann", __i__, NULL);
  Trial to = verifying ("ann", __i__, NULL, &from);
  guint64 refused, told = 0;
  GstMessage *message;

  gst_util_set_object_arg (G_OBJECT (to.h->element), "on-failure", "drop");
  for (guint i = 0; i < 9; i++) {
    GstBuffer *buffer = tagged (&from, "one");

    flip (buffer, 0);
    fail_unless_equals_int (gst_harness_push (to.h, buffer), GST_FLOW_OK);
  }
  fail_unless_equals_int (gst_harness_buffers_in_queue (to.h), 0);
  g_object_get (to.h->element, "refused", &refused, NULL);
  fail_unless_equals_uint64 (refused, 9);
  for (guint i = 0; i < 4; i++) {
    message = gst_bus_pop_filtered (to.bus, GST_MESSAGE_ELEMENT);
    fail_unless (gst_structure_get_uint64 (
        message_of (message, "vm-trust-refused"), "count", &told));
    fail_unless_equals_uint64 (told, 1 << i);
    gst_message_unref (message);
  }
  taken (&to, tagged (&from, "two"), "two");
  message = gst_bus_pop_filtered (to.bus, GST_MESSAGE_ELEMENT);
  fail_unless (gst_structure_get_uint64 (
      message_of (message, "vm-trust-missed"), "count", &told));
  fail_unless_equals_uint64 (told, 9);
  gst_message_unref (message);
  end (&from);
  end (&to);
}

GST_END_TEST;

static void
does_not_open (const gchar *property, const gchar *value, const gchar *expected)
{
  g_autofree gchar *path = folder_of ("ann");
  GstElement *element = gst_element_factory_make ("vmtrust", NULL);
  Trial t = { NULL, gst_bus_new () };
  g_autofree gchar *code = NULL;

  g_object_set (element, "store", path, property, value, NULL);
  gst_util_set_object_arg (G_OBJECT (element), "mode", "verify");
  gst_element_set_bus (element, t.bus);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  code = error_code (&t);
  fail_unless_equals_string (code, expected);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (t.bus);
}

GST_START_TEST (test_wrong_settings)
{
  does_not_open ("peer", "nobody", "NOT_FOUND");
  does_not_open ("stream", "12", "BAD_MESSAGE");
}

GST_END_TEST;

/* By the policy, when it begins and while it lasts. */
GST_START_TEST (test_untrusted_peer)
{
  g_autoptr (VmTrustStore) store = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  gint64 deadline = g_get_monotonic_time () + PATIENCE / GST_USECOND;
  g_autofree gchar *id = NULL, *code = NULL;
  GstFlowReturn flow = GST_FLOW_OK;
  Trial from, to;

  meet ("ann", "bob");
  meet ("bob", "ann");
  from = signing ("ann", 1, "bob");
  to = verifying ("bob", 1, "ann", &from);
  taken (&to, tagged (&from, "one"), "one");
  store = store_of ("bob");
  id = vm_trust_store_revoke (store, "ann", now, &error);
  g_assert_no_error (error);
  while (flow == GST_FLOW_OK && g_get_monotonic_time () < deadline) {
    flow = gst_harness_push (to.h, tagged (&from, "two"));
    gst_message_unref (gst_bus_timed_pop (to.bus, GST_SECOND / 20)
                           ?: gst_message_new_eos (NULL));
    if (flow != GST_FLOW_OK)
      flow = gst_harness_push (to.h, tagged (&from, "three"));
  }
  fail_unless_equals_int (flow, GST_FLOW_ERROR);
  code = error_code (&to);
  fail_unless_equals_string (code, "NOT_TRUSTED");
  fail_unless_equals_int (
      gst_element_set_state (to.h->element, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (
      gst_element_set_state (to.h->element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  end (&from);
  end (&to);
}

GST_END_TEST;

/* Context */

static GstElement *pipeline;

static void
stop (void)
{
  if (pipeline)
    gst_element_set_state (pipeline, GST_STATE_NULL);
  g_clear_pointer (&pipeline, gst_object_unref);
}

static GstMessage *
wait_for (GstMessageType type, const gchar *name)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 deadline = g_get_monotonic_time () + PATIENCE / GST_USECOND;

  while (g_get_monotonic_time () < deadline) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        bus, GST_SECOND / 10, type | GST_MESSAGE_ERROR);

    if (!message)
      continue;
    fail_if (type != GST_MESSAGE_ERROR
                 && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR,
        "an error was posted");
    if (!name || gst_message_has_name (message, name))
      return g_steal_pointer (&message);
  }
  fail ("no %s", name ? name : "message");
  return NULL;
}

static gchar *
get_string (const gchar *element, const gchar *property)
{
  g_autoptr (GstElement) found =
      gst_bin_get_by_name (GST_BIN (pipeline), element);
  gchar *value = NULL;

  g_object_get (found, property, &value, NULL);
  return value;
}

static const gchar *const consumers[] = {
  "vmsignalbin name=it mode=host meeting=vault",
  "vmdiscoversrc name=it methods=none announce=off ! fakesink async=false",
};

/* Wherever it stands in the line. */
GST_START_TEST (test_context)
{
  const gchar *consumer = consumers[__i__ / 2];
  g_autofree gchar *path = folder_of ("ann");
  g_autofree gchar *trust =
      g_strdup_printf ("vmtrust name=t store=%s policy=require", path);
  g_autofree gchar *line = __i__ % 2 ? g_strconcat (trust, " ", consumer, NULL)
                                     : g_strconcat (consumer, " ", trust, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *own = NULL, *its = NULL;
  VmPolicy policy;

  pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
  own = get_string ("t", "fingerprint");
  its = get_string ("it", "fingerprint");
  fail_unless_equals_int (strlen (own), 95);
  fail_unless_equals_string (own, its);
  fail_unless_equals_string (
      VM_PLUGIN (vm_trust_store_get_folder) (vm_node_get_trust_store (node)),
      path);
  g_object_get (node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_REQUIRE);
  stop ();
}

GST_END_TEST;

/* vmsignalbin's own counts more, and each may change while it runs. */
GST_START_TEST (test_policies)
{
  g_autofree gchar *path = folder_of ("ann");
  g_autofree gchar *line = g_strdup_printf (
      "vmtrust name=t store=%s policy=pin vmsignalbin name=it policy=require "
      "mode=host meeting=vault",
      path);
  g_autoptr (GstElement) trust = NULL;
  g_autoptr (GstElement) bin = NULL;
  VmPolicy policy;

  pipeline = gst_parse_launch (line, NULL);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
  g_object_get (node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_REQUIRE);
  trust = gst_bin_get_by_name (GST_BIN (pipeline), "t");
  gst_util_set_object_arg (G_OBJECT (trust), "policy", "open");
  g_object_get (node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_OPEN);
  bin = gst_bin_get_by_name (GST_BIN (pipeline), "it");
  gst_util_set_object_arg (G_OBJECT (bin), "policy", "pin");
  g_object_get (node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_PIN);
  stop ();
}

GST_END_TEST;

/* Who asks along the pads is answered there. */
GST_START_TEST (test_context_query)
{
  Trial t = signing ("ann", 0, NULL);
  g_autoptr (GstQuery) query = gst_query_new_context ("vm.trust");
  g_autoptr (GstQuery) other = gst_query_new_context ("vm.other");
  GstContext *context = NULL;

  fail_unless (gst_pad_peer_query (t.h->srcpad, query));
  gst_query_parse_context (query, &context);
  fail_unless_equals_string (
      gst_context_get_context_type (context), "vm.trust");
  fail_if (gst_pad_peer_query (t.h->srcpad, other));
  end (&t);
}

GST_END_TEST;

/* A process is one device: another store comes too late. */
GST_START_TEST (test_late_context)
{
  g_autofree gchar *path = folder_of ("ann");
  g_autofree gchar *line =
      g_strdup_printf ("vmtrust store=%s %s", path, consumers[__i__]);
  g_autoptr (VmTrustStore) store = store_of ("bob");
  g_autoptr (GstContext) context = gst_context_new ("vm.trust", TRUE);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstElement) late = gst_element_factory_make ("vmtrust", NULL);
  g_autofree gchar *other = folder_of ("bob");

  gst_structure_set (gst_context_writable_structure (context), "store",
      VM_TYPE_TRUST_STORE, store, NULL);
  pipeline = gst_parse_launch (line, NULL);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
  gst_element_set_context (pipeline, context);
  message = wait_for (GST_MESSAGE_ERROR, NULL);
  /* nor is a policy taken that would not count */
  gst_object_ref_sink (late);
  g_object_set (late, "store", other, "policy", VM_POLICY_REQUIRE, NULL);
  fail_unless_equals_int (
      gst_element_set_state (late, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (late, GST_STATE_NULL);
  stop ();
}

GST_END_TEST;

GST_START_TEST (test_no_store)
{
  g_autofree gchar *path = folder_of ("file");
  g_autofree gchar *line =
      g_strdup_printf ("identity vmtrust store=%s/below", path);
  g_autoptr (GstMessage) message = NULL;

  fail_unless (g_file_set_contents (path, "", 0, NULL));
  pipeline = gst_parse_launch (line, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = wait_for (GST_MESSAGE_ERROR, NULL);
  stop ();
}

GST_END_TEST;

/* Approval: Ann is asked by Bob. */

typedef struct
{
  VmTrustRequest *request;
  GMainLoop *loop;
  GCancellable *cancellable;
  gboolean leaves; /* once it has the digits */
  gchar *digits;
  GError *error; /* of its end */
} Asking;

static void
on_digits (VmTrustRequest *request, const gchar *digits, const gchar *name,
    const gchar *device_id, Asking *asking)
{
  asking->digits = g_strdup (digits);
  if (asking->leaves)
    g_cancellable_cancel (asking->cancellable);
  else
    vm_trust_request_confirm (request, NULL);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Asking *asking = user_data;

  vm_trust_request_run_finish (asking->request, result, &asking->error);
  g_main_loop_quit (asking->loop);
}

/* The thread of who asks. */
static gpointer
ask (gpointer user_data)
{
  Asking *asking = user_data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (VmTrustStore) store = store_of ("bob");
  g_autoptr (VmIdentity) identity = identity_of ("bob");
  g_autofree gchar *uri =
      g_strdup_printf ("https://127.0.0.1:%u", vm_node_get_port (node));

  g_main_context_push_thread_default (context);
  asking->loop = g_main_loop_new (context, FALSE);
  asking->cancellable = g_cancellable_new ();
  asking->request = vm_trust_request_new (store, identity, "Bob", uri, NULL);
  g_signal_connect (asking->request, "digits", G_CALLBACK (on_digits), asking);
  vm_trust_request_run_async (
      asking->request, asking->cancellable, on_asked, asking);
  g_main_loop_run (asking->loop);
  g_clear_object (&asking->request);
  g_clear_object (&asking->cancellable);
  g_main_loop_unref (asking->loop);
  VM_PLUGIN (vm_meeting_settle) (10000);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
be_asked (const gchar *settings)
{
  g_autofree gchar *path = folder_of ("ann");
  g_autofree gchar *line = g_strdup_printf (
      "vmtrust name=t store=%s %s %s", path, settings, consumers[1]);

  pipeline = gst_parse_launch (line, NULL);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
  fail_unless (vm_node_get_port (node) != 0);
}

static gchar *
trust_of (const gchar *who)
{
  g_autoptr (GstElement) t = gst_bin_get_by_name (GST_BIN (pipeline), "t");
  g_autoptr (VmIdentity) identity = identity_of (who);
  g_autoptr (GstStructure) all = NULL;
  g_autoptr (GstStructure) one = NULL;

  g_signal_emit_by_name (t, "list", &all);
  fail_unless (gst_structure_get (all, vm_identity_get_device_id (identity),
      GST_TYPE_STRUCTURE, &one, NULL));
  fail_unless_equals_string (gst_structure_get_string (one, "user"), "Bob");
  return g_strdup (gst_structure_get_string (one, "trust"));
}

static void
on_requested (GstElement *t, const gchar *request, const gchar *device_id,
    const gchar *name, const gchar *sas, const gchar *action)
{
  gboolean sent = FALSE, again = TRUE;

  fail_unless_equals_string (name, "Bob");
  g_signal_emit_by_name (t, "approve", "another", &again);
  fail_if (again);
  g_signal_emit_by_name (t, action, request, &sent);
  fail_unless (sent);
  g_signal_emit_by_name (t, action, request, &again);
  fail_if (again);
}

GST_START_TEST (test_approve)
{
  Asking asking = { NULL };
  g_autoptr (GstElement) t = NULL;
  g_autoptr (GstMessage) requested = NULL;
  g_autoptr (GstMessage) established = NULL;
  g_autofree gchar *trust = NULL, *revoked = NULL;
  gboolean done = FALSE;
  GThread *thread;

  be_asked ("policy=require");
  t = gst_bin_get_by_name (GST_BIN (pipeline), "t");
  g_signal_connect (
      t, "trust-requested", G_CALLBACK (on_requested), (gpointer) "approve");
  thread = g_thread_new ("ask", ask, &asking);
  requested = wait_for (GST_MESSAGE_ELEMENT, "vm-trust-requested");
  established = wait_for (GST_MESSAGE_ELEMENT, "vm-trust-established");
  g_thread_join (thread);
  g_assert_no_error (asking.error);
  fail_unless_equals_string (field_of (requested, "sas"), asking.digits);
  trust = trust_of ("bob");
  fail_unless_equals_string (trust, "trusted");

  g_signal_emit_by_name (t, "revoke", "Bob", &done);
  fail_unless (done);
  gst_message_unref (wait_for (GST_MESSAGE_ELEMENT, "vm-trust-changed"));
  revoked = trust_of ("bob");
  fail_unless_equals_string (revoked, "revoked");
  g_signal_emit_by_name (t, "revoke", "nobody", &done);
  fail_if (done);
  g_free (asking.digits);
  stop ();
}

GST_END_TEST;

GST_START_TEST (test_deny)
{
  Asking asking = { NULL };
  g_autoptr (GstElement) t = NULL;
  GThread *thread;

  be_asked ("");
  t = gst_bin_get_by_name (GST_BIN (pipeline), "t");
  g_signal_connect (
      t, "trust-requested", G_CALLBACK (on_requested), (gpointer) "deny");
  thread = g_thread_new ("ask", ask, &asking);
  g_thread_join (thread);
  g_assert_error (asking.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  g_clear_error (&asking.error);
  g_free (asking.digits);
  stop ();
}

GST_END_TEST;

static void
on_requested_first (GstElement *t, const gchar *request, const gchar *device_id,
    const gchar *name, const gchar *sas, gchar **asked)
{
  if (!*asked)
    *asked = g_strdup (request);
}

static void
on_over (GstElement *t, const gchar *request, const gchar *device_id,
    const gchar *name, const GError *error, gchar **failed)
{
  g_autoptr (VmIdentity) bob = identity_of ("bob");

  fail_unless_equals_string (name, "Bob");
  fail_unless_equals_string (device_id, vm_identity_get_device_id (bob));
  g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
  g_free (*failed);
  *failed = g_strdup (request);
}

/* Bob asks, goes, and asks again: his first question is over, and that is said
 * with its number, so that a dialog can be closed. */
GST_START_TEST (test_question_is_over)
{
  Asking first = { .leaves = TRUE }, second = { .leaves = TRUE };
  g_autofree gchar *asked = NULL, *over = NULL;
  g_autoptr (GstElement) t = NULL;
  g_autoptr (GstMessage) failed = NULL;
  const GstStructure *told;

  be_asked ("");
  t = gst_bin_get_by_name (GST_BIN (pipeline), "t");
  g_signal_connect (
      t, "trust-requested", G_CALLBACK (on_requested_first), &asked);
  g_signal_connect (t, "trust-failed", G_CALLBACK (on_over), &over);
  g_thread_join (g_thread_new ("ask", ask, &first));
  gst_message_unref (wait_for (GST_MESSAGE_ELEMENT, "vm-trust-requested"));
  g_thread_join (g_thread_new ("ask", ask, &second));
  failed = wait_for (GST_MESSAGE_ELEMENT, "vm-trust-failed");
  told = gst_message_get_structure (failed);
  fail_unless_equals_string (gst_structure_get_string (told, "request"), asked);
  fail_unless_equals_string (
      gst_structure_get_string (told, "code"), "DISCONNECTED");
  fail_unless_equals_string (gst_structure_get_string (told, "message"),
      "The device has begun a new trust request");
  stop ();
  fail_unless_equals_string (over, asked);
  g_clear_error (&first.error);
  g_clear_error (&second.error);
  g_free (first.digits);
  g_free (second.digits);
}

GST_END_TEST;

/* Who asks for nobody's answer gets one by itself. */
GST_START_TEST (test_auto_and_never)
{
  static const struct
  {
    const gchar *approve;
    gboolean good;
  } cases[] = { { "approve=never", FALSE }, { "approve=auto", TRUE } };
  Asking asking = { NULL };

  be_asked (cases[__i__].approve);
  g_thread_join (g_thread_new ("ask", ask, &asking));
  fail_unless_equals_int (!asking.error, cases[__i__].good);
  g_clear_error (&asking.error);
  g_free (asking.digits);
  stop ();
}

GST_END_TEST;

/* A second pipeline, of Bob's, whose element asks Ann. */
static GstElement *
asking_pipeline (const gchar *target, GstBus **bus)
{
  g_autofree gchar *path = folder_of ("bob");
  g_autofree gchar *line = g_strdup_printf (
      "vmtrust name=t store=%s request=%s identity", path, target);
  GstElement *asking = gst_parse_launch (line, NULL);

  *bus = gst_element_get_bus (asking);
  return asking;
}

/* Returns: (transfer full): the element message @name */
static GstMessage *
wait_on (GstBus *bus, const gchar *name)
{
  for (;;) {
    GstMessage *message =
        gst_bus_timed_pop_filtered (bus, PATIENCE, GST_MESSAGE_ELEMENT);

    fail_unless (message != NULL, "no %s in time", name);
    if (gst_message_has_name (message, name))
      return message;
    gst_message_unref (message);
  }
}

/* What "request" and "approve" make of two launch lines. */
GST_START_TEST (test_request)
{
  g_autofree gchar *target = NULL;
  g_autoptr (GstElement) asking = NULL, t = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) asked = NULL, requested = NULL, warning = NULL;
  g_autoptr (GError) warned = NULL;
  gboolean good = __i__, sent = FALSE;

  be_asked ("approve=auto");
  target = g_strdup_printf ("127.0.0.1:%u", vm_node_get_port (node));
  asking = asking_pipeline (target, &bus);
  t = gst_bin_get_by_name (GST_BIN (asking), "t");
  gst_element_set_state (asking, GST_STATE_PLAYING);
  requested = wait_on (bus, "vm-trust-requested");
  asked = wait_for (GST_MESSAGE_ELEMENT, "vm-trust-requested");
  fail_unless_equals_string (
      field_of (requested, "sas"), field_of (asked, "sas"));
  warning = wait_for (GST_MESSAGE_WARNING, NULL);
  gst_message_parse_warning (warning, &warned, NULL);
  fail_unless (strstr (warned->message, "approve=auto") != NULL);
  g_signal_emit_by_name (t, good ? "approve" : "deny", "own", &sent);
  fail_unless (sent);
  gst_message_unref (
      wait_on (bus, good ? "vm-trust-established" : "vm-trust-failed"));
  if (good)
    gst_message_unref (wait_for (GST_MESSAGE_ELEMENT, "vm-trust-established"));
  gst_element_set_state (asking, GST_STATE_NULL);
  stop ();
}

GST_END_TEST;

GST_START_TEST (test_request_of_nobody)
{
  static const gchar *const wrong[] = { "", "http://a:1", "a:b", "a/b", "u@a",
    "a:65536", "a b" };
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree gchar *target = g_strdup_printf ("127.0.0.1:%u", port);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstElement) asking = asking_pipeline (target, &bus);
  g_autoptr (GstElement) t = gst_bin_get_by_name (GST_BIN (asking), "t");
  g_autoptr (GstMessage) failed = NULL;

  /* who never answers keeps nobody from going */
  gst_element_set_state (asking, GST_STATE_PLAYING);
  gst_element_set_state (asking, GST_STATE_NULL);
  g_socket_listener_close (listener);
  gst_element_set_state (asking, GST_STATE_PLAYING);
  failed = wait_on (bus, "vm-trust-failed");
  fail_unless_equals_string (field_of (failed, "code"), "DISCONNECTED");
  gst_element_set_state (asking, GST_STATE_NULL);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_object_set (t, "request", wrong[i], NULL);
    fail_unless (gst_element_set_state (asking, GST_STATE_PLAYING)
                     == GST_STATE_CHANGE_FAILURE,
        "'%s' was taken", wrong[i]);
    gst_element_set_state (asking, GST_STATE_NULL);
  }
}

GST_END_TEST;

static Suite *
vmtrust_suite (void)
{
  Suite *s = suite_create ("vmtrust");
  TCase *stream = tcase_create ("stream");
  TCase *context = tcase_create ("context");
  TCase *approval = tcase_create ("approval");
  const gint all = G_N_ELEMENTS (protections);

  suite_add_tcase (s, stream);
  tcase_add_checked_fixture (stream, setup, teardown);
  tcase_add_loop_test (stream, test_own_stream, 0, all);
  tcase_add_loop_test (stream, test_two_devices, 0, all);
  tcase_add_loop_test (stream, test_flipped_bit, 0, all);
  tcase_add_loop_test (stream, test_wrong_key, 0, N_AUTHENTIC);
  tcase_add_loop_test (stream, test_missing_tag, 0, all);
  tcase_add_loop_test (stream, test_replay, 0, all);
  tcase_add_loop_test (stream, test_older_stream, 0, all);
  tcase_add_loop_test (stream, test_drop, 0, all);
  tcase_add_test (stream, test_wrong_settings);
  tcase_add_test (stream, test_untrusted_peer);

  suite_add_tcase (s, context);
  tcase_add_checked_fixture (context, setup, teardown);
  tcase_add_loop_test (context, test_context, 0, 2 * G_N_ELEMENTS (consumers));
  tcase_add_test (context, test_policies);
  tcase_add_test (context, test_context_query);
  tcase_add_loop_test (context, test_late_context, 0, G_N_ELEMENTS (consumers));
  tcase_add_test (context, test_no_store);

  suite_add_tcase (s, approval);
  tcase_add_checked_fixture (approval, setup, teardown);
  tcase_add_test (approval, test_approve);
  tcase_add_test (approval, test_deny);
  tcase_add_test (approval, test_question_is_over);
  tcase_add_loop_test (approval, test_auto_and_never, 0, 2);
  tcase_add_loop_test (approval, test_request, 0, 2);
  tcase_add_test (approval, test_request_of_nobody);
  return s;
}

CHECK_PROGRAM (vmtrust)
