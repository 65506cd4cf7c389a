/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/januswrite.h"

#define PLUGIN "janus.plugin.videoroom"
/* Seconds between the key frames that the videoroom asks a publisher for. */
#define FIR_SECONDS 10

static GString *
begin (const VmJanusHead *head, const gchar *type)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "janus", type);
  vm_json_append_key (out, "transaction");
  g_string_append_printf (out, "\"%u\"", head->transaction);
  if (head->session > 0)
    vm_json_append_int (out, "session_id", head->session);
  if (head->handle > 0)
    vm_json_append_int (out, "handle_id", head->handle);
  vm_json_append_member (out, "apisecret", head->api_secret);
  vm_json_append_member (out, "token", head->token);
  return out;
}

static gchar *
end (GString *out)
{
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

static gchar *
write_bare (const VmJanusHead *head, const gchar *type)
{
  return end (begin (head, type));
}

gchar *
vm_janus_write_create (const VmJanusHead *head)
{
  return write_bare (head, "create");
}

gchar *
vm_janus_write_claim (const VmJanusHead *head)
{
  return write_bare (head, "claim");
}

gchar *
vm_janus_write_keepalive (const VmJanusHead *head)
{
  return write_bare (head, "keepalive");
}

gchar *
vm_janus_write_destroy (const VmJanusHead *head)
{
  return write_bare (head, "destroy");
}

gchar *
vm_janus_write_detach (const VmJanusHead *head)
{
  return write_bare (head, "detach");
}

gchar *
vm_janus_write_attach (const VmJanusHead *head)
{
  GString *out = begin (head, "attach");

  vm_json_append_member (out, "plugin", PLUGIN);
  return end (out);
}

gchar *
vm_janus_write_trickle (const VmJanusHead *head, const gchar *candidate,
    const gchar *mid, gint64 mline)
{
  GString *out = begin (head, "trickle");

  vm_json_append_key (out, "candidate");
  g_string_append_c (out, '{');
  if (candidate) {
    vm_json_append_member (out, "candidate", candidate);
    vm_json_append_member (out, "sdpMid", mid);
    if (mline >= 0)
      vm_json_append_int (out, "sdpMLineIndex", mline);
  } else {
    vm_json_append_boolean (out, "completed", TRUE);
  }
  g_string_append_c (out, '}');
  return end (out);
}

/* To the plugin */

static GString *
begin_request (const VmJanusHead *head, const gchar *request)
{
  GString *out = begin (head, "message");

  vm_json_append_key (out, "body");
  g_string_append_c (out, '{');
  vm_json_append_member (out, "request", request);
  return out;
}

static gchar *
end_request (GString *out, const gchar *type, const gchar *sdp)
{
  g_string_append_c (out, '}');
  if (sdp) {
    vm_json_append_key (out, "jsep");
    g_string_append_c (out, '{');
    vm_json_append_member (out, "type", type);
    vm_json_append_member (out, "sdp", sdp);
    g_string_append_c (out, '}');
  }
  return end (out);
}

/* Those of the codecs that our devices have, so that nobody enters who cannot
 * be seen; Janus's own three publishers would be few. */
gchar *
vm_janus_write_create_room (const VmJanusHead *head, const VmJanusNewRoom *room)
{
  GString *out = begin_request (head, "create");

  vm_json_append_int (out, "room", room->room);
  vm_json_append_boolean (out, "permanent", FALSE);
  vm_json_append_boolean (out, "is_private", TRUE);
  vm_json_append_boolean (out, "notify_joining", TRUE);
  vm_json_append_int (out, "publishers", room->publishers);
  vm_json_append_int (out, "fir_freq", FIR_SECONDS);
  vm_json_append_member (out, "audiocodec", "opus");
  vm_json_append_member (out, "videocodec", "vp8,h264");
  vm_json_append_member (out, "pin", room->pin);
  vm_json_append_member (out, "secret", room->secret);
  vm_json_append_member (out, "admin_key", room->admin_key);
  return end_request (out, NULL, NULL);
}

gchar *
vm_janus_write_destroy_room (
    const VmJanusHead *head, gint64 room, const gchar *secret)
{
  GString *out = begin_request (head, "destroy");

  vm_json_append_int (out, "room", room);
  vm_json_append_member (out, "secret", secret);
  vm_json_append_boolean (out, "permanent", FALSE);
  return end_request (out, NULL, NULL);
}

static void
append_entry (GString *out, const VmJanusEntry *entry, const gchar *ptype)
{
  vm_json_append_member (out, "ptype", ptype);
  vm_json_append_int (out, "room", entry->room);
  vm_json_append_member (out, "display", entry->display);
  vm_json_append_member (out, "pin", entry->pin);
  vm_json_append_member (out, "token", entry->token);
}

gchar *
vm_janus_write_join (const VmJanusHead *head, const VmJanusEntry *entry)
{
  GString *out = begin_request (head, "join");

  append_entry (out, entry, "publisher");
  return end_request (out, NULL, NULL);
}

gchar *
vm_janus_write_list (const VmJanusHead *head, gint64 room)
{
  GString *out = begin_request (head, "listparticipants");

  vm_json_append_int (out, "room", room);
  return end_request (out, NULL, NULL);
}

gchar *
vm_janus_write_publish (const VmJanusHead *head, const gchar *sdp,
    const gchar *const *descriptions, gboolean again)
{
  GString *out = begin_request (head, again ? "configure" : "publish");

  if (descriptions) {
    vm_json_append_key (out, "descriptions");
    g_string_append_c (out, '[');
    for (guint i = 0; descriptions[i] && descriptions[i + 1]; i += 2) {
      g_string_append (out, i ? ",{" : "{");
      vm_json_append_member (out, "mid", descriptions[i]);
      vm_json_append_member (out, "description", descriptions[i + 1]);
      g_string_append_c (out, '}');
    }
    g_string_append_c (out, ']');
  }
  return end_request (out, "offer", sdp);
}

gchar *
vm_janus_write_unpublish (const VmJanusHead *head)
{
  return end_request (begin_request (head, "unpublish"), NULL, NULL);
}

static void
append_sources (GString *out, const gchar *key, const GArray *sources)
{
  vm_json_append_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; i < sources->len; i++) {
    const VmJanusSource *source = &g_array_index (sources, VmJanusSource, i);

    g_string_append (out, i ? ",{" : "{");
    vm_json_append_int (out, "feed", source->feed);
    vm_json_append_member (out, "mid", source->mid);
    if (source->substream >= 0)
      vm_json_append_int (out, "substream", source->substream);
    if (source->temporal >= 0)
      vm_json_append_int (out, "temporal", source->temporal);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

/* Without `autoupdate`, only this side begins a negotiation. */
gchar *
vm_janus_write_subscribe (const VmJanusHead *head, const VmJanusEntry *entry,
    gint64 private_id, const GArray *sources)
{
  GString *out = begin_request (head, "join");

  append_entry (out, entry, "subscriber");
  if (private_id > 0)
    vm_json_append_int (out, "private_id", private_id);
  vm_json_append_boolean (out, "autoupdate", FALSE);
  append_sources (out, "streams", sources);
  return end_request (out, NULL, NULL);
}

gchar *
vm_janus_write_update (
    const VmJanusHead *head, const GArray *sources, const GPtrArray *mids)
{
  GString *out = begin_request (head, "update");

  if (sources->len)
    append_sources (out, "subscribe", sources);
  if (mids->len) {
    vm_json_append_key (out, "unsubscribe");
    g_string_append_c (out, '[');
    for (guint i = 0; i < mids->len; i++) {
      g_string_append (out, i ? ",{" : "{");
      vm_json_append_member (out, "sub_mid", mids->pdata[i]);
      g_string_append_c (out, '}');
    }
    g_string_append_c (out, ']');
  }
  return end_request (out, NULL, NULL);
}

gchar *
vm_janus_write_start (const VmJanusHead *head, const gchar *sdp)
{
  return end_request (begin_request (head, "start"), "answer", sdp);
}

/* A change to the m-line @mid of a subscription, without its end. */
static GString *
begin_change (const VmJanusHead *head, const gchar *mid)
{
  GString *out = begin_request (head, "configure");

  vm_json_append_key (out, "streams");
  g_string_append (out, "[{");
  vm_json_append_member (out, "mid", mid);
  return out;
}

gchar *
vm_janus_write_key_frame (const VmJanusHead *head, const gchar *mid)
{
  GString *out = begin_change (head, mid);

  /* that begins with a key frame, even if it was sent before */
  vm_json_append_boolean (out, "send", TRUE);
  g_string_append (out, "}]");
  return end_request (out, NULL, NULL);
}

gchar *
vm_janus_write_layers (
    const VmJanusHead *head, const gchar *mid, gint substream, gint temporal)
{
  GString *out = begin_change (head, mid);

  if (substream >= 0)
    vm_json_append_int (out, "substream", substream);
  if (temporal >= 0)
    vm_json_append_int (out, "temporal", temporal);
  g_string_append (out, "}]");
  return end_request (out, NULL, NULL);
}
