/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/devicefield-priv.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

#define PROTOCOL 2 /* the "vm" of a datagram; protocol/discovery.md#udp */
#define TXT_STRINGS_MAX 64 /* strings looked at in one TXT record */

VmDeviceInfo *
vm_device_info_new (void)
{
  VmDeviceInfo *info = g_new0 (VmDeviceInfo, 1);

  info->user = g_strdup ("");
  info->device = g_strdup ("");
  info->version = g_strdup ("2.0");
  info->status = g_strdup ("available");
  info->capabilities = g_new0 (gchar *, 1);
  info->max_participants = 10;
  info->secure = TRUE;
  return info;
}

VmDeviceInfo *
vm_device_info_copy (const VmDeviceInfo *info)
{
  VmDeviceInfo *copy = g_new (VmDeviceInfo, 1);

  *copy = *info;
  copy->user = g_strdup (info->user);
  copy->device = g_strdup (info->device);
  copy->device_name = g_strdup (info->device_name);
  copy->device_id = g_strdup (info->device_id);
  copy->key_hash = g_strdup (info->key_hash);
  copy->version = g_strdup (info->version);
  copy->status = g_strdup (info->status);
  copy->capabilities = g_strdupv (info->capabilities);
  copy->meeting = g_strdup (info->meeting);
  copy->meeting_id = g_strdup (info->meeting_id);
  copy->meeting_state = g_strdup (info->meeting_state);
  return copy;
}

void
vm_device_info_free (VmDeviceInfo *info)
{
  if (!info)
    return;
  g_free (info->user);
  g_free (info->device);
  g_free (info->device_name);
  g_free (info->device_id);
  g_free (info->key_hash);
  g_free (info->version);
  g_free (info->status);
  g_strfreev (info->capabilities);
  g_free (info->meeting);
  g_free (info->meeting_id);
  g_free (info->meeting_state);
  g_free (info);
}

static gboolean
strv_equal0 (gchar **a, gchar **b)
{
  static gchar *none[] = { NULL };

  return g_strv_equal ((const gchar *const *) (a ? a : none),
      (const gchar *const *) (b ? b : none));
}

gboolean
vm_device_info_equal (const VmDeviceInfo *a, const VmDeviceInfo *b)
{
  return g_strcmp0 (a->user, b->user) == 0
         && g_strcmp0 (a->device, b->device) == 0
         && g_strcmp0 (a->device_name, b->device_name) == 0
         && g_strcmp0 (a->device_id, b->device_id) == 0
         && g_strcmp0 (a->key_hash, b->key_hash) == 0
         && g_strcmp0 (a->version, b->version) == 0
         && g_strcmp0 (a->status, b->status) == 0
         && strv_equal0 (a->capabilities, b->capabilities)
         && a->participants == b->participants
         && a->max_participants == b->max_participants && a->secure == b->secure
         && g_strcmp0 (a->meeting, b->meeting) == 0
         && g_strcmp0 (a->meeting_id, b->meeting_id) == 0
         && g_strcmp0 (a->meeting_state, b->meeting_state) == 0
         && a->epoch == b->epoch && a->port == b->port;
}

VmDeviceInfo *
vm_device_info_redact (
    const VmDeviceInfo *info, VmAnnounce announce, const gchar *salt)
{
  VmDeviceInfo *out = vm_device_info_copy (info);
  g_autofree gchar *hash = NULL;
  g_autofree gchar *source = NULL;

  if (announce == VM_ANNOUNCE_FULL)
    return out;
  /* Eight hex digits: enough that two devices of one LAN differ, while another
   * network's salt gives a name that cannot be tied to this one. */
  source = g_strdup_printf ("%s\n%s", salt ? salt : "",
      info->device_id ? info->device_id : info->device);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, source, -1);
  g_free (out->user);
  out->user = g_strdup ("");
  g_free (out->device);
  out->device = g_strdup_printf ("device-%.8s", hash);
  g_free (out->device_name);
  out->device_name = g_strdup (out->device);
  g_clear_pointer (&out->device_id, g_free);
  g_clear_pointer (&out->key_hash, g_free);
  g_clear_pointer (&out->meeting_id, g_free);
  g_clear_pointer (&out->meeting_state, g_free);
  out->epoch = 0;
  out->participants = 0;
  if (out->meeting) {
    g_free (out->meeting);
    out->meeting = g_strdup ("private");
  }
  return out;
}

static void
cut_utf8 (gchar *text, gsize max)
{
  gchar *end;

  if (strlen (text) <= max)
    return;
  end = g_utf8_find_prev_char (text, text + max + 1);
  *(end ? end : text) = '\0';
}

gchar *
vm_device_info_instance (const VmDeviceInfo *info)
{
  const gchar *name = info->device_name && *info->device_name
                          ? info->device_name
                          : info->device;
  gchar *instance = info->user && *info->user
                        ? g_strdup_printf ("%s's %s", info->user, name)
                        : g_strdup (name);

  cut_utf8 (instance, VM_INSTANCE_MAX);
  return instance;
}

/* The fields, in the order of protocol/discovery.md#txt, as keys and values by
 * turns. */
static GPtrArray *
to_fields (const VmDeviceInfo *info)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *caps =
      info->capabilities ? g_strjoinv (",", info->capabilities) : g_strdup ("");

#define ADD(key, value) \
  (g_ptr_array_add (out, g_strdup (key)), g_ptr_array_add (out, value))
  ADD ("version", g_strdup (info->version));
  ADD ("user", g_strdup (info->user));
  ADD ("device", g_strdup (info->device));
  ADD ("status", g_strdup (info->status));
  ADD ("participants", g_strdup_printf ("%u", info->participants));
  ADD ("maxparticipants", g_strdup_printf ("%u", info->max_participants));
  ADD ("capabilities", g_steal_pointer (&caps));
  ADD ("secure", g_strdup (info->secure ? "true" : "false"));
  ADD ("meeting", g_strdup (info->meeting ? info->meeting : "none"));
  if (info->device_id)
    ADD ("id", g_strdup (info->device_id));
  if (info->key_hash)
    ADD ("pk", g_strdup (info->key_hash));
  if (info->meeting_id)
    ADD ("mid", g_strdup (info->meeting_id));
  if (info->meeting_id && info->epoch)
    ADD ("epoch", g_strdup_printf ("%u", info->epoch));
#undef ADD
  return out;
}

gchar **
vm_device_info_to_txt (const VmDeviceInfo *info)
{
  g_autoptr (GPtrArray) fields = to_fields (info);
  g_autoptr (GStrvBuilder) txt = g_strv_builder_new ();

  for (guint i = 0; i < fields->len; i += 2) {
    g_autofree gchar *string = g_strdup_printf (
        "%s=%s", (gchar *) fields->pdata[i], (gchar *) fields->pdata[i + 1]);

    cut_utf8 (string, VM_TXT_STRING_MAX);
    g_strv_builder_add (txt, string);
  }
  return g_strv_builder_end (txt);
}

/* "none" is how the base protocol spells "no meeting"; a meeting that is really
 * called so has an id. */
static void
drop_none (VmDeviceInfo *info)
{
  if (info->meeting && !info->meeting_id
      && (!*info->meeting || !strcmp (info->meeting, "none")))
    g_clear_pointer (&info->meeting, g_free);
}

VmDeviceInfo *
vm_device_info_from_txt (const gchar *const *txt, GError **error)
{
  g_autoptr (VmDeviceInfo) info = vm_device_info_new ();
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; txt && txt[i] && i < TXT_STRINGS_MAX; i++) {
    const gchar *equals = strchr (txt[i], '=');
    g_autofree gchar *key = NULL;

    if (!equals || equals == txt[i])
      continue;
    /* RFC 6763 §6.4: keys in any case, of two the first counts */
    key = g_ascii_strdown (txt[i], equals - txt[i]);
    /* the port is the SRV record's */
    if (g_hash_table_contains (seen, key) || !strcmp (key, "port"))
      continue;
    if (!vm_device_field_take (info, key, equals + 1, error))
      return NULL;
    g_hash_table_add (seen, g_steal_pointer (&key));
  }
  if (!vm_device_field_check (info, error))
    return NULL;
  drop_none (info);
  return g_steal_pointer (&info);
}

GBytes *
vm_device_info_to_datagram (
    const VmDeviceInfo *info, const gchar *type, GError **error)
{
  GString *out = g_string_new ("{");
  g_autoptr (GBytes) bytes = NULL;

  vm_json_append_int (out, "vm", PROTOCOL);
  vm_json_append_member (out, "t", type);
  if (info) {
    g_autoptr (GPtrArray) fields = to_fields (info);

    for (guint i = 0; i < fields->len; i += 2)
      vm_json_append_member (out, fields->pdata[i], fields->pdata[i + 1]);
    vm_json_append_int (out, "port", info->port);
  }
  g_string_append_c (out, '}');
  bytes = g_string_free_to_bytes (out);
  if (g_bytes_get_size (bytes) > VM_DATAGRAM_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The names of this device take %" G_GSIZE_FORMAT
        " bytes in a datagram, which holds %d",
        g_bytes_get_size (bytes), VM_DATAGRAM_MAX);
    return NULL;
  }
  return g_steal_pointer (&bytes);
}

/* A datagram calls the fields as the TXT record does, and has the port. */
static const VmDeviceMember datagram_members[] = {
  { "version", "version" },
  { "user", "user" },
  { "device", "device" },
  { "status", "status" },
  { "participants", "participants" },
  { "maxparticipants", "maxparticipants" },
  { "capabilities", "capabilities" },
  { "secure", "secure" },
  { "meeting", "meeting" },
  { "id", "id" },
  { "pk", "pk" },
  { "mid", "mid" },
  { "epoch", "epoch" },
  { "port", "port" },
};

static gboolean
read_datagram (
    const VmJson *json, VmDeviceInfo *info, gchar **type, GError **error)
{
  g_autofree gchar *vm = NULL;
  g_autofree gchar *t = NULL;

  if (!vm_device_field_get_text (json, 0, "vm", &vm, error)
      || !vm_device_field_get_text (json, 0, "t", &t, error))
    return FALSE;
  if (g_strcmp0 (vm, G_STRINGIFY (PROTOCOL)) != 0 || !t
      || (strcmp (t, "announce") && strcmp (t, "query") && strcmp (t, "bye")))
    return vm_device_field_bad (error, "vm or t");
  if (!vm_device_field_take_members (info, json, 0, datagram_members,
          G_N_ELEMENTS (datagram_members), error))
    return FALSE;
  if (!info->port && strcmp (t, "query") != 0)
    return vm_device_field_bad (error, "port");
  *type = g_steal_pointer (&t);
  return TRUE;
}

VmDeviceInfo *
vm_device_info_from_datagram (
    const guint8 *data, gsize size, gchar **type, GError **error)
{
  g_autoptr (VmDeviceInfo) info = vm_device_info_new ();
  g_autofree gchar *t = NULL;
  VmJson json;

  if (size > VM_DATAGRAM_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A datagram of %" G_GSIZE_FORMAT " bytes, more than %d", size,
        VM_DATAGRAM_MAX);
    return NULL;
  }
  if (!vm_json_read (&json, (const gchar *) data, size, error)
      || !read_datagram (&json, info, &t, error)
      || !vm_device_field_check (info, error))
    return NULL;
  drop_none (info);
  *type = g_steal_pointer (&t);
  return g_steal_pointer (&info);
}
