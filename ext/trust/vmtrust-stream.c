/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What flows through vmtrust. A tag stands behind the bytes of its buffer, so
 * that it stays with them wherever they are carried; caps say that it does, and
 * what it is that was signed. */

#include "vmtrust-priv.h"

#include <gst/videomeet/plugin/plugin.h>
#include <string.h>

#define GST_CAT_DEFAULT vm_trust_debug

#define TAGGED "application/x-vm-tagged"
/* Revocation is found out this long after it, at most. */
#define LOOK_INTERVAL G_USEC_PER_SEC

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static gboolean
signs (VmTrust *self)
{
  gboolean signs;

  GST_OBJECT_LOCK (self);
  signs = self->mode == VM_TRUST_MODE_SIGN;
  GST_OBJECT_UNLOCK (self);
  return signs;
}

/* The other device */

/* The peer's key, NULL for this device itself. FALSE: there is no such device,
 * or it is none to have to do with. */
static gboolean
look_up_peer (VmTrust *self, GBytes **spki, GError **error)
{
  g_autoptr (VmTrustStore) store = vm_trust_ref_store (self);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts = NULL;
  VmPolicy policy;

  *spki = NULL;
  self->looked = g_get_monotonic_time ();
  if (!self->peer_id)
    return TRUE;
  GST_OBJECT_LOCK (self);
  policy = self->policy;
  GST_OBJECT_UNLOCK (self);
  facts = VM_PLUGIN (vm_trust_store_admit) (
      store, self->peer_id, policy, VM_PERMISSIONS_CALL, now, NULL, error);
  if (!facts)
    return FALSE;
  if (facts->spki)
    *spki = g_bytes_ref (facts->spki);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "The key of the device %s is not known", self->peer_id);
  return facts->spki != NULL;
}

static gboolean
find_peer (VmTrust *self, const gchar *peer, GError **error)
{
  g_autoptr (VmTrustStore) store = vm_trust_ref_store (self);

  g_clear_pointer (&self->peer_id, g_free);
  if (!peer || strcmp (peer, vm_identity_get_device_id (self->identity)) == 0)
    return TRUE;
  self->peer_id = vm_trust_store_find (store, peer, error);
  return self->peer_id != NULL;
}

static gboolean
open_stream (VmTrust *self, GError **error)
{
  g_autofree gchar *peer = NULL, *stream = NULL;
  g_autoptr (GBytes) spki = NULL;
  VmProtection protection;
  VmSigner *signer;

  GST_OBJECT_LOCK (self);
  peer = g_strdup (self->peer);
  stream = g_strdup (self->stream);
  protection = self->protection;
  GST_OBJECT_UNLOCK (self);
  if (!find_peer (self, peer, error) || !look_up_peer (self, &spki, error))
    return FALSE;
  if (!signs (self)) {
    self->verifier =
        vm_verifier_new (self->identity, protection, spki, stream, error);
    return self->verifier != NULL;
  }
  signer = vm_signer_new (self->identity, protection, spki, error);
  GST_OBJECT_LOCK (self);
  self->signer = signer;
  GST_OBJECT_UNLOCK (self);
  return signer != NULL;
}

gboolean
vm_trust_open_stream (VmTrust *self)
{
  g_autoptr (GError) error = NULL;

  if (open_stream (self, &error))
    return TRUE;
  GST_ELEMENT_ERROR_WITH_DETAILS (self, LIBRARY, SETTINGS,
      ("%s", error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
  return FALSE;
}

void
vm_trust_close_stream (VmTrust *self)
{
  VmSigner *signer;

  GST_OBJECT_LOCK (self);
  signer = g_steal_pointer (&self->signer);
  GST_OBJECT_UNLOCK (self);
  g_clear_object (&signer);
  g_clear_object (&self->verifier);
  g_clear_pointer (&self->peer_id, g_free);
}

/* Buffers */

/* @content: what was signed, NULL when that is not known. */
static GstCaps *
tagged_caps (VmTrust *self, GstCaps *content)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (VM_TYPE_PROTECTION);
  VmProtection protection;
  GstCaps *caps;

  GST_OBJECT_LOCK (self);
  protection = self->protection;
  GST_OBJECT_UNLOCK (self);
  caps = gst_caps_new_simple (TAGGED, "protection", G_TYPE_STRING,
      g_enum_get_value ((GEnumClass *) klass, protection)->value_nick, NULL);
  if (content)
    gst_caps_set_simple (caps, "content", GST_TYPE_CAPS, content, NULL);
  return caps;
}

static GstFlowReturn
sign (VmTrust *self, GstBuffer *buffer)
{
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) tag = NULL;
  g_autoptr (GError) error = NULL;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, READ,
        ("A buffer that is to be signed cannot be read"), (NULL),
        ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_FAILED), NULL));
    return GST_FLOW_ERROR;
  }
  message = g_bytes_new_static (map.data, map.size);
  tag = vm_signer_sign (self->signer, message, &error);
  gst_buffer_unmap (buffer, &map);
  if (!tag) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR_WITH_DETAILS (self, LIBRARY, FAILED,
        ("%s", error->message), (NULL),
        ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
    return GST_FLOW_ERROR;
  }
  buffer = gst_buffer_append (buffer, gst_buffer_new_wrapped_bytes (tag));
  GST_BUFFER_OFFSET (buffer) = GST_BUFFER_OFFSET_NONE;
  GST_BUFFER_OFFSET_END (buffer) = GST_BUFFER_OFFSET_NONE;
  return gst_pad_push (self->src, buffer);
}

/* Told at the first, second, fourth, eighth: whoever attacks does not fill the
 * bus. */
static void
tell_refused (VmTrust *self, const GError *error, guint64 count)
{
  if (count & (count - 1))
    return;
  vm_trust_post (
      self, gst_structure_new ("vm-trust-refused", "count", G_TYPE_UINT64,
                count, "code", G_TYPE_STRING, vm_error_get_code (error),
                "message", G_TYPE_STRING, error->message, NULL));
}

static GstFlowReturn
refuse (VmTrust *self, GstBuffer *buffer, const GError *error)
{
  VmOnFailure on_failure;
  guint64 count;

  gst_buffer_unref (buffer);
  GST_OBJECT_LOCK (self);
  on_failure = self->on_failure;
  count = ++self->refused;
  GST_OBJECT_UNLOCK (self);
  if (on_failure == VM_ON_FAILURE_DROP) {
    tell_refused (self, error, count);
    return GST_FLOW_OK;
  }
  GST_ELEMENT_ERROR_WITH_DETAILS (self, STREAM, DECRYPT, ("%s", error->message),
      (NULL), ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
  return GST_FLOW_ERROR;
}

static gboolean
is_still_trusted (VmTrust *self, GError **error)
{
  g_autoptr (GBytes) spki = NULL;
  gboolean trusted;

  if (g_get_monotonic_time () - self->looked < LOOK_INTERVAL)
    return TRUE;
  trusted = look_up_peer (self, &spki, error);
  /* for as long as that lasts every buffer is looked up */
  if (!trusted)
    self->looked = 0;
  return trusted;
}

static gboolean
check (VmTrust *self, GstBuffer *buffer, gsize *size, guint64 *missed,
    GError **error)
{
  g_autoptr (GBytes) tagged = NULL;
  GstMapInfo map;
  gboolean good;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "A buffer cannot be read");
    return FALSE;
  }
  tagged = g_bytes_new_static (map.data, map.size);
  good = vm_verifier_verify (self->verifier, tagged, size, missed, error);
  gst_buffer_unmap (buffer, &map);
  return good;
}

static GstFlowReturn
verify (VmTrust *self, GstBuffer *buffer)
{
  g_autoptr (GError) error = NULL;
  guint64 missed;
  gsize size;

  if (!is_still_trusted (self, &error)
      || !check (self, buffer, &size, &missed, &error))
    return refuse (self, buffer, error);
  buffer = gst_buffer_make_writable (buffer);
  gst_buffer_set_size (buffer, size);
  GST_BUFFER_OFFSET (buffer) = GST_BUFFER_OFFSET_NONE;
  GST_BUFFER_OFFSET_END (buffer) = GST_BUFFER_OFFSET_NONE;
  if (missed) {
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    vm_trust_post (self, gst_structure_new ("vm-trust-missed", "count",
                             G_TYPE_UINT64, missed, NULL));
  }
  return gst_pad_push (self->src, buffer);
}

static GstFlowReturn
chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  VmTrust *self = VM_TRUST (parent);

  return self->verifier ? verify (self, buffer) : sign (self, buffer);
}

/* Events and queries */

/* What was signed, or NULL when that is not said. */
static GstCaps *
content_of (GstCaps *caps)
{
  const GValue *value =
      gst_structure_get_value (gst_caps_get_structure (caps, 0), "content");

  return value && GST_VALUE_HOLDS_CAPS (value)
             ? gst_caps_ref ((GstCaps *) gst_value_get_caps (value))
             : NULL;
}

static gboolean
take_caps (VmTrust *self, GstEvent *event)
{
  g_autoptr (GstCaps) out = NULL;
  GstCaps *in;

  gst_event_parse_caps (event, &in);
  out = signs (self) ? tagged_caps (self, in) : content_of (in);
  gst_event_unref (event);
  return !out || gst_pad_push_event (self->src, gst_event_new_caps (out));
}

static gboolean
on_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  VmTrust *self = VM_TRUST (parent);

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS)
    return take_caps (self, event);
  /* whose caps nobody knows: they come before the segment */
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT && signs (self)
      && !gst_pad_has_current_caps (self->src)) {
    g_autoptr (GstCaps) caps = tagged_caps (self, NULL);

    gst_pad_push_event (self->src, gst_event_new_caps (caps));
  }
  return gst_pad_event_default (pad, parent, event);
}

/* The pad where there are tags knows their caps, the other takes anything. */
static void
answer_caps (VmTrust *self, GstPad *pad, GstQuery *query)
{
  gboolean tagged = (pad == self->src) == signs (self);
  g_autoptr (GstCaps) caps =
      tagged ? gst_caps_new_empty_simple (TAGGED) : gst_caps_new_any ();
  GstCaps *filter;

  gst_query_parse_caps (query, &filter);
  if (filter) {
    g_autoptr (GstCaps) both =
        gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_query_set_caps_result (query, both);
  } else {
    gst_query_set_caps_result (query, caps);
  }
}

static gboolean
answer_context (VmTrust *self, GstQuery *query)
{
  g_autoptr (GstContext) context =
      gst_element_get_context (GST_ELEMENT (self), VM_TRUST_CONTEXT);
  const gchar *type;

  if (!context || !gst_query_parse_context_type (query, &type)
      || strcmp (type, VM_TRUST_CONTEXT) != 0)
    return FALSE;
  gst_query_set_context (query, context);
  return TRUE;
}

static gboolean
on_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  VmTrust *self = VM_TRUST (parent);

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
      answer_caps (self, pad, query);
      return TRUE;
    case GST_QUERY_CONTEXT:
      if (answer_context (self, query))
        return TRUE;
      break;
    case GST_QUERY_ALLOCATION:
      /* a tag more or less: neither side's buffers fit the other */
      return FALSE;
    case GST_QUERY_SCHEDULING:
      /* whole buffers, in their order */
      gst_query_set_scheduling (
          query, GST_SCHEDULING_FLAG_SEQUENTIAL, 1, -1, 0);
      gst_query_add_scheduling_mode (query, GST_PAD_MODE_PUSH);
      return TRUE;
    default:
      break;
  }
  return gst_pad_query_default (pad, parent, query);
}

void
vm_trust_add_pads (VmTrust *self)
{
  self->sink = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink, chain);
  gst_pad_set_event_function (self->sink, on_sink_event);
  gst_pad_set_query_function (self->sink, on_query);
  gst_element_add_pad (GST_ELEMENT (self), self->sink);
  self->src = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->src, on_query);
  gst_element_add_pad (GST_ELEMENT (self), self->src);
}

void
vm_trust_install_pads (GstElementClass *klass)
{
  gst_element_class_add_static_pad_template (klass, &sink_template);
  gst_element_class_add_static_pad_template (klass, &src_template);
}
