/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is trusted: shown, withdrawn, carried to another machine. */

#include "cmd/commands.h"
#include "cmd/device.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE 0600

static gint
fail (VmtOutput *output, const GError *error)
{
  vmt_output_error (output,
      error->domain == VM_ERROR ? vm_error_to_code (error->code) : NULL,
      error->message);
  return VMT_EXIT_FAILED;
}

static const gchar *
level_of (const VmTrustFacts *facts)
{
  if (facts->revoked)
    return "revoked";
  if (facts->given)
    return "trusted";
  if (facts->vouched)
    return "vouched";
  if (facts->guest)
    return "guest";
  return facts->first_seen ? "known" : "unknown";
}

static void
add_permissions (
    JsonObject *event, const gchar *member, VmPermissions permissions)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (VM_TYPE_PERMISSIONS);
  GFlagsClass *flags = (GFlagsClass *) klass;
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < flags->n_values; i++)
    if (flags->values[i].value && (permissions & flags->values[i].value)
        && flags->values[i].value != VM_PERMISSIONS_ALL)
      json_array_add_string_element (array, flags->values[i].value_nick);
  json_object_set_array_member (event, member, array);
}

static gchar *
date_of (gint64 unix_time)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (unix_time);

  return time ? g_date_time_format_iso8601 (time) : NULL;
}

static JsonObject *
facts_event (const gchar *name, const VmTrustFacts *facts)
{
  JsonObject *event = vmt_event_new (name);
  g_autofree gchar *seen =
      facts->first_seen ? g_date_time_format_iso8601 (facts->first_seen) : NULL;
  g_autofree gchar *given = date_of (facts->given_until);
  g_autofree gchar *held = date_of (facts->held_until);

  vmt_event_add_string (event, "deviceId", facts->device_id);
  vmt_event_add_string (event, "user", facts->user);
  vmt_event_add_string (event, "device", facts->device);
  vmt_event_add_string (event, "firstSeen", seen);
  vmt_event_add_string (event, "trust", level_of (facts));
  if (facts->given) {
    add_permissions (event, "given", facts->given);
    vmt_event_add_string (event, "givenUntil", given);
  }
  if (facts->held) {
    add_permissions (event, "held", facts->held);
    vmt_event_add_string (event, "heldUntil", held);
  }
  return event;
}

static gchar *
name_of (const VmTrustFacts *facts)
{
  g_autofree gchar *name = NULL;
  gboolean user = facts->user && *facts->user;
  gboolean device = facts->device && *facts->device;

  if (user && device)
    name = g_strdup_printf ("%s's %s", facts->user, facts->device);
  else
    name = g_strdup (user ? facts->user : device ? facts->device : "(no name)");
  return vmt_text_safe (name);
}

static gint
list_all (VmTrustStore *store, VmtOutput *output)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (store, now);

  for (guint i = 0; i < all->len; i++) {
    const VmTrustFacts *facts = g_ptr_array_index (all, i);
    g_autofree gchar *name = name_of (facts);

    vmt_output_event (output, facts_event ("trust", facts));
    vmt_output_line (output, VMT_STYLE_PLAIN, "%-8s %s  %s", level_of (facts),
        facts->device_id, name);
  }
  if (!all->len)
    vmt_output_line (
        output, VMT_STYLE_FAINT, "No other device is trusted or known.");
  return VMT_EXIT_OK;
}

static void
print_row (VmtOutput *output, const gchar *label, const gchar *value)
{
  g_autofree gchar *safe = vmt_text_safe (value);

  if (*safe)
    vmt_output_line (output, VMT_STYLE_PLAIN, "%-12s%s", label, safe);
}

static void
print_token (VmtOutput *output, const gchar *label, VmPermissions permissions,
    gint64 until)
{
  g_autofree gchar *may = NULL, *date = date_of (until), *row = NULL;
  g_autoptr (JsonObject) words = json_object_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  JsonArray *array;

  if (!permissions)
    return;
  add_permissions (words, "may", permissions);
  array = json_object_get_array_member (words, "may");
  for (guint i = 0; i < json_array_get_length (array); i++)
    g_string_append_printf (
        text, "%s%s", i ? ", " : "", json_array_get_string_element (array, i));
  row = g_strdup_printf (
      "%s, until %.10s", text->str, date ? date : "no day that can be told");
  print_row (output, label, row);
}

static void
print_facts (VmtOutput *output, const VmTrustFacts *facts)
{
  g_autofree gchar *seen =
      facts->first_seen ? g_date_time_format (facts->first_seen, "%F") : NULL;

  print_row (output, "user", facts->user);
  print_row (output, "device", facts->device);
  print_row (output, "device id", facts->device_id);
  print_row (output, "first seen", seen);
  print_row (output, "trust", level_of (facts));
  print_token (output, "it may", facts->given, facts->given_until);
  print_token (output, "I may", facts->held, facts->held_until);
  if (facts->damaged_id)
    vmt_output_line (output, VMT_STYLE_BAD,
        "The file of this device is damaged: nobody new is let in until it is "
        "put back, or the device is forgotten.");
  if (facts->damaged)
    vmt_output_line (output, VMT_STYLE_BAD,
        "The list of revoked devices cannot be read: nobody is trusted.");
}

static gint
show_one (VmTrustStore *store, const gchar *device, VmtOutput *output)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = vm_trust_store_find (store, device, &error);
  g_autoptr (VmTrustFacts) facts = NULL;

  if (!id)
    return fail (output, error);
  facts = vm_trust_store_know (store, id, NULL, NULL, now);
  vmt_output_event (output, facts_event ("trust", facts));
  print_facts (output, facts);
  return VMT_EXIT_OK;
}

static gint
revoke_one (VmTrustStore *store, const gchar *device, VmtOutput *output)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = vm_trust_store_revoke (store, device, now, &error);
  g_autofree gchar *name = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;

  if (!id)
    return fail (output, error);
  facts = vm_trust_store_know (store, id, NULL, NULL, now);
  name = name_of (facts);
  vmt_output_event (output, facts_event ("revoked", facts));
  vmt_output_line (output, VMT_STYLE_PLAIN,
      "Trust in %s is revoked; its id is %s. It is let in nowhere on this "
      "device, and a call with it ends now.",
      name, id);
  return VMT_EXIT_OK;
}

/* Under a name that is new: over a file that is there, GLib's call gives what
 * it writes that file's mode in some versions. */
static gboolean
write_bundle (const gchar *path, const gchar *bundle, GError **error)
{
  g_autofree gchar *part = g_strdup_printf ("%s.%08x", path, g_random_int ());
  gboolean written = g_file_set_contents_full (
      part, bundle, -1, G_FILE_SET_CONTENTS_CONSISTENT, FILE_MODE, error);
  gint code;

  if (!written || g_rename (part, path) == 0)
    return written;
  code = errno;
  g_unlink (part);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
      "%s cannot be written: %s", path, g_strerror (code));
  return FALSE;
}

static gint
export_to (VmTrustStore *store, const gchar *path, VmtOutput *output)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *bundle = vm_trust_store_export (store, &error);
  JsonObject *event;

  if (!bundle)
    return fail (output, error);
  if (path && !g_str_equal (path, "-") && !write_bundle (path, bundle, &error))
    return fail (output, error);
  event = vmt_event_new ("exported");
  if (path && !g_str_equal (path, "-")) {
    g_autofree gchar *safe = vmt_text_safe (path);

    vmt_event_add_string (event, "file", path);
    vmt_output_line (output, VMT_STYLE_PLAIN, "Written to %s.", safe);
  } else {
    vmt_event_add_string (event, "bundle", bundle);
    vmt_output_line (output, VMT_STYLE_PLAIN, "%s", g_strchomp (bundle));
  }
  vmt_output_event (output, event);
  return VMT_EXIT_OK;
}

/* Not more of it than can be a bundle. */
static GBytes *
read_bundle (const gchar *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (path);
  g_autoptr (GInputStream) stream =
      g_str_equal (path, "-")
          ? g_unix_input_stream_new (STDIN_FILENO, FALSE)
          : G_INPUT_STREAM (g_file_read (file, NULL, error));
  g_autofree gchar *data = NULL;
  gsize size;

  if (!stream)
    return NULL;
  data = g_malloc (VM_TRUST_BUNDLE_MAX + 1);
  if (!g_input_stream_read_all (
          stream, data, VM_TRUST_BUNDLE_MAX + 1, &size, NULL, error))
    return NULL;
  return g_bytes_new (data, size);
}

static gint
import_from (VmTrustStore *store, const gchar *path, VmtOutput *output)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bundle = read_bundle (path, &error);
  JsonObject *event;
  gsize size;
  const gchar *data = bundle ? g_bytes_get_data (bundle, &size) : NULL;
  guint taken = 0, left = 0;

  if (!bundle
      || !vm_trust_store_import (
          store, data ? data : "", size, now, &taken, &left, &error))
    return fail (output, error);
  event = vmt_event_new ("imported");
  json_object_set_int_member (event, "taken", taken);
  json_object_set_int_member (event, "left", left);
  vmt_output_event (output, event);
  vmt_output_line (output, VMT_STYLE_PLAIN,
      "%u taken over, %u left as they were or of no use here.", taken, left);
  return VMT_EXIT_OK;
}

gint
vmt_cmd_trust (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (VmTrustStore) store = vm_trust_store_new (NULL);

  switch (options->trust) {
    case VMT_TRUST_REQUEST:
      return vmt_trust_request (options, output);
    case VMT_TRUST_SHOW:
      return show_one (store, options->target, output);
    case VMT_TRUST_REVOKE:
      return revoke_one (store, options->target, output);
    case VMT_TRUST_EXPORT:
      return export_to (store, options->target, output);
    case VMT_TRUST_IMPORT:
      return import_from (store, options->target, output);
    default:
      return list_all (store, output);
  }
}
