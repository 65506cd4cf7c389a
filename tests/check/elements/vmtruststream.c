/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vmtrust: what flows through it, signed and verified. */

#include "program.h"
#include "support/trust/trustdevices.h"

#include <gst/check/gstharness.h>
#include <string.h>

#define PATIENCE (90 * GST_SECOND)
#define CAPS "audio/x-test, rate=(int)8000"

static const gchar *const protections[] = { "hmac", "signature", "sha256" };
/* a checksum is for accidents */
#define N_AUTHENTIC 2

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
  g_autofree gchar *path = trust_device_folder (who);
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

  trust_device_meet ("ann", "bob");
  trust_device_meet ("bob", "ann");
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

  trust_device_meet ("ann", "bob");
  trust_device_meet ("bob", "ann");
  trust_device_meet ("bob", "eve");
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

/* A buffer without a good signature is dropped, and a warning says so, but not
 * for each of many. Good buffers go on. */
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
  g_autofree gchar *path = trust_device_folder ("ann");
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

  trust_device_meet ("ann", "bob");
  trust_device_meet ("bob", "ann");
  from = signing ("ann", 1, "bob");
  to = verifying ("bob", 1, "ann", &from);
  taken (&to, tagged (&from, "one"), "one");
  store = trust_device_store ("bob");
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

/* An element that asks for the context "vm.trust" along the pads gets it. */
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

static Suite *
vmtruststream_suite (void)
{
  Suite *s = suite_create ("vmtruststream");
  TCase *stream = tcase_create ("stream");
  const gint all = G_N_ELEMENTS (protections);

  suite_add_tcase (s, stream);
  tcase_add_checked_fixture (
      stream, trust_devices_setup, trust_devices_teardown);
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
  tcase_add_test (stream, test_context_query);
  return s;
}

CHECK_PROGRAM (vmtruststream)
