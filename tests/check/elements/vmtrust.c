/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vmtrust: what the elements beside it learn, and who is asked for trust. */

#include "program.h"
#include "support/trust/trustdevices.h"

#include <gst/videomeet/plugin/plugin.h>
#include <string.h>

#define PATIENCE (90 * GST_SECOND)

static const gchar *
field_of (GstMessage *message, const gchar *name)
{
  return gst_structure_get_string (gst_message_get_structure (message), name);
}

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
  g_autofree gchar *path = trust_device_folder ("ann");
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
  fail_unless_equals_string (VM_PLUGIN (vm_trust_store_get_folder) (
                                 vm_node_get_trust_store (trust_node)),
      path);
  g_object_get (trust_node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_REQUIRE);
  stop ();
}

GST_END_TEST;

/* vmsignalbin's own counts more, and each may change while it runs. */
GST_START_TEST (test_policies)
{
  g_autofree gchar *path = trust_device_folder ("ann");
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
  g_object_get (trust_node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_REQUIRE);
  trust = gst_bin_get_by_name (GST_BIN (pipeline), "t");
  gst_util_set_object_arg (G_OBJECT (trust), "policy", "open");
  g_object_get (trust_node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_OPEN);
  bin = gst_bin_get_by_name (GST_BIN (pipeline), "it");
  gst_util_set_object_arg (G_OBJECT (bin), "policy", "pin");
  g_object_get (trust_node, "policy", &policy, NULL);
  fail_unless_equals_int (policy, VM_POLICY_PIN);
  stop ();
}

GST_END_TEST;

/* A process is one device: another store comes too late. */
GST_START_TEST (test_late_context)
{
  g_autofree gchar *path = trust_device_folder ("ann");
  g_autofree gchar *line =
      g_strdup_printf ("vmtrust store=%s %s", path, consumers[__i__]);
  g_autoptr (VmTrustStore) store = trust_device_store ("bob");
  g_autoptr (GstContext) context = gst_context_new ("vm.trust", TRUE);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstElement) late = gst_element_factory_make ("vmtrust", NULL);
  g_autofree gchar *other = trust_device_folder ("bob");

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
  g_autofree gchar *path = trust_device_folder ("file");
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
  g_autoptr (VmTrustStore) store = trust_device_store ("bob");
  g_autoptr (VmIdentity) identity = trust_device_identity ("bob");
  g_autofree gchar *uri =
      g_strdup_printf ("https://127.0.0.1:%u", vm_node_get_port (trust_node));

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
  g_autofree gchar *path = trust_device_folder ("ann");
  g_autofree gchar *line = g_strdup_printf (
      "vmtrust name=t store=%s %s %s", path, settings, consumers[1]);

  pipeline = gst_parse_launch (line, NULL);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
  fail_unless (vm_node_get_port (trust_node) != 0);
}

static gchar *
trust_of (const gchar *who)
{
  g_autoptr (GstElement) t = gst_bin_get_by_name (GST_BIN (pipeline), "t");
  g_autoptr (VmIdentity) identity = trust_device_identity (who);
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
  g_autoptr (VmIdentity) bob = trust_device_identity ("bob");

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
  g_autofree gchar *path = trust_device_folder ("bob");
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
  target = g_strdup_printf ("127.0.0.1:%u", vm_node_get_port (trust_node));
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

typedef struct
{
  GstElement *pipeline;
  const gchar *name; /* of the message that stops it */
  gint stopped; /* atomic */
} Stop;

static GstBusSyncReply
stop_when_told (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Stop *stop = user_data;

  if (gst_message_has_name (message, stop->name)) {
    gst_element_set_state (stop->pipeline, GST_STATE_NULL);
    g_atomic_int_set (&stop->stopped, TRUE);
  }
  return GST_BUS_PASS;
}

static gboolean
is_gone (GWeakRef *ref)
{
  g_autoptr (GObject) object = g_weak_ref_get (ref);

  return object == NULL;
}

/* By who is told, on the thread that tells: that it is asked, or that nobody is
 * there. */
GST_START_TEST (test_request_stopped_by_who_is_told)
{
  gint64 end = g_get_monotonic_time () + PATIENCE / GST_USECOND;
  g_autofree gchar *target = NULL;
  g_autoptr (GstBus) bus = NULL;
  GstElement *t;
  GWeakRef ref;
  Stop asking = { NULL, __i__ ? "vm-trust-requested" : "vm-trust-failed",
    FALSE };

  if (__i__)
    be_asked ("");
  target = g_strdup_printf (
      "127.0.0.1:%u", __i__ ? vm_node_get_port (trust_node) : 1);
  asking.pipeline = asking_pipeline (target, &bus);
  t = gst_bin_get_by_name (GST_BIN (asking.pipeline), "t");
  g_weak_ref_init (&ref, t);
  gst_object_unref (t);
  gst_bus_set_sync_handler (bus, stop_when_told, &asking, NULL);
  gst_element_set_state (asking.pipeline, GST_STATE_PLAYING);
  while (!g_atomic_int_get (&asking.stopped)) {
    fail_unless (g_get_monotonic_time () < end, "not stopped in time");
    g_thread_yield ();
  }
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (asking.pipeline);
  gst_clear_object (&bus);
  /* its thread still has it, and ends */
  while (!is_gone (&ref)) {
    fail_unless (g_get_monotonic_time () < end, "its thread goes on");
    g_thread_yield ();
  }
  g_weak_ref_clear (&ref);
  stop ();
}

GST_END_TEST;

static Suite *
vmtrust_suite (void)
{
  Suite *s = suite_create ("vmtrust");
  TCase *context = tcase_create ("context");
  TCase *approval = tcase_create ("approval");

  suite_add_tcase (s, context);
  tcase_add_checked_fixture (
      context, trust_devices_setup, trust_devices_teardown);
  tcase_add_loop_test (context, test_context, 0, 2 * G_N_ELEMENTS (consumers));
  tcase_add_test (context, test_policies);
  tcase_add_loop_test (context, test_late_context, 0, G_N_ELEMENTS (consumers));
  tcase_add_test (context, test_no_store);

  suite_add_tcase (s, approval);
  tcase_add_checked_fixture (
      approval, trust_devices_setup, trust_devices_teardown);
  tcase_add_test (approval, test_approve);
  tcase_add_test (approval, test_deny);
  tcase_add_test (approval, test_question_is_over);
  tcase_add_loop_test (approval, test_auto_and_never, 0, 2);
  tcase_add_loop_test (approval, test_request, 0, 2);
  tcase_add_test (approval, test_request_of_nobody);
  tcase_add_loop_test (approval, test_request_stopped_by_who_is_told, 0, 2);
  return s;
}

CHECK_PROGRAM (vmtrust)
