/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmtruststore
 * @title: VmTrustStore
 * @short_description: the devices that were met before
 *
 * Plain files: `devices/ID.pem` holds a device's certificate with the names it
 * went by and the date of first sight in the lines before it. Files are
 * replaced as a whole, so that two processes may use one store; nothing is
 * kept in memory. All functions block for the disk and may be called from any
 * thread.
 */

#include "vmtruststore.h"
#include "vmidentity-priv.h"
#include "vmidentity.h"
#include "../vmerror.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define DEVICE_FILE_MAX 16384 /* bytes; a P-256 certificate takes 1 KiB */

struct _VmTrustStore
{
  GObject parent;

  gchar *folder; /* …/devices; never changes */
};

G_DEFINE_FINAL_TYPE (VmTrustStore, vm_trust_store, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (
    VmKnownDevice, vm_known_device, vm_known_device_copy, vm_known_device_free)

/**
 * vm_known_device_copy:
 * @device: a #VmKnownDevice
 *
 * Returns: (transfer full): a copy
 */
VmKnownDevice *
vm_known_device_copy (const VmKnownDevice *device)
{
  VmKnownDevice *copy = g_new0 (VmKnownDevice, 1);

  copy->device_id = g_strdup (device->device_id);
  copy->user = g_strdup (device->user);
  copy->device = g_strdup (device->device);
  copy->first_seen = g_date_time_ref (device->first_seen);
  return copy;
}

/**
 * vm_known_device_free:
 * @device: (transfer full) (nullable): a #VmKnownDevice
 *
 * Frees it.
 */
void
vm_known_device_free (VmKnownDevice *device)
{
  if (!device)
    return;
  g_free (device->device_id);
  g_free (device->user);
  g_free (device->device);
  g_clear_pointer (&device->first_seen, g_date_time_unref);
  g_free (device);
}

static void
vm_trust_store_finalize (GObject *object)
{
  g_free (VM_TRUST_STORE (object)->folder);
  G_OBJECT_CLASS (vm_trust_store_parent_class)->finalize (object);
}

static void
vm_trust_store_class_init (VmTrustStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_trust_store_finalize;
}

static void
vm_trust_store_init (VmTrustStore *self)
{
}

/**
 * vm_trust_store_new:
 * @directory: (nullable) (type filename): the folder of the store, %NULL for
 *   `$XDG_CONFIG_HOME/videomeet`; made with mode 0700 when first written to
 *
 * Returns: (transfer full): a store
 */
VmTrustStore *
vm_trust_store_new (const gchar *directory)
{
  VmTrustStore *self = g_object_new (VM_TYPE_TRUST_STORE, NULL);
  g_autofree gchar *top =
      directory
          ? g_strdup (directory)
          : g_build_filename (g_get_user_config_dir (), "videomeet", NULL);

  self->folder = g_build_filename (top, "devices", NULL);
  return self;
}

static gchar *
path_of (VmTrustStore *self, const gchar *device_id)
{
  g_autofree gchar *name = g_strconcat (device_id, ".pem", NULL);

  return g_build_filename (self->folder, name, NULL);
}

/* The value of "key: value" among the lines before the certificate. */
static gchar *
header (const gchar *text, const gchar *key)
{
  const gchar *end = strstr (text, "-----BEGIN ");
  gsize size = strlen (key);

  for (const gchar *line = text; line && line < end;) {
    const gchar *next = strchr (line, '\n');

    if (strncmp (line, key, size) == 0 && strncmp (line + size, ": ", 2) == 0
        && next)
      return g_strndup (line + size + 2, next - line - size - 2);
    line = next ? next + 1 : NULL;
  }
  return NULL;
}

/* NULL when the file is not one of ours or was changed: what its name says
 * must be the hash of the key it holds. */
static VmKnownDevice *
read_device (VmTrustStore *self, const gchar *device_id)
{
  g_autoptr (VmKnownDevice) device = g_new0 (VmKnownDevice, 1);
  g_autofree gchar *path = path_of (self, device_id);
  g_autofree gchar *text = NULL;
  g_autofree gchar *date = NULL;
  g_autofree gchar *hash = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autofree gchar *id = NULL;
  GStatBuf st;

  if (g_stat (path, &st) != 0 || st.st_size > DEVICE_FILE_MAX
      || !g_file_get_contents (path, &text, NULL, NULL)
      || !g_utf8_validate (text, -1, NULL))
    return NULL;
  device->user = header (text, "user");
  device->device = header (text, "device");
  date = header (text, "first-seen");
  device->first_seen = date ? g_date_time_new_from_iso8601 (date, NULL) : NULL;
  certificate = g_tls_certificate_new_from_pem (text, -1, NULL);
  hash = certificate ? vm_key_hash_from_certificate (certificate) : NULL;
  id = hash ? vm_device_id_from_key_hash (hash) : NULL;
  if (!device->user || !device->device || !device->first_seen
      || g_strcmp0 (id, device_id) != 0) {
    g_warning ("%s is not what was written there; it is ignored", path);
    return NULL;
  }
  device->device_id = g_steal_pointer (&id);
  return g_steal_pointer (&device);
}

static gint
by_first_seen (gconstpointer a, gconstpointer b)
{
  return g_date_time_compare (
      (*(VmKnownDevice **) a)->first_seen, (*(VmKnownDevice **) b)->first_seen);
}

/**
 * vm_trust_store_list:
 * @self: a #VmTrustStore
 *
 * Returns: (transfer full) (element-type VmKnownDevice): the devices met
 *   before, by first sight; files that are damaged are left out with a warning
 */
GPtrArray *
vm_trust_store_list (VmTrustStore *self)
{
  GPtrArray *devices =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);
  g_autoptr (GDir) dir = NULL;
  const gchar *name;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);

  dir = g_dir_open (self->folder, 0, NULL);
  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *id = NULL;
    VmKnownDevice *device;

    if (!g_str_has_suffix (name, ".pem"))
      continue;
    id = g_strndup (name, strlen (name) - strlen (".pem"));
    if (vm_device_id_is_valid (id) && (device = read_device (self, id)))
      g_ptr_array_add (devices, device);
  }
  g_ptr_array_sort (devices, by_first_seen);
  return devices;
}

static gboolean
write_device (VmTrustStore *self, const VmKnownDevice *device,
    GTlsCertificate *certificate, GError **error)
{
  g_autofree gchar *path = path_of (self, device->device_id);
  g_autofree gchar *date = g_date_time_format_iso8601 (device->first_seen);
  g_autofree gchar *pem = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GError) local = NULL;

  g_object_get (certificate, "certificate-pem", &pem, NULL);
  text = g_strdup_printf ("user: %s\ndevice: %s\nfirst-seen: %s\n%s",
      device->user, device->device, date, pem);
  if (g_mkdir_with_parents (self->folder, 0700) == 0
      && g_file_set_contents_full (
          path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "The device cannot be remembered in %s: %s", self->folder,
      local ? local->message : g_strerror (errno));
  return FALSE;
}

static void
make_room (VmTrustStore *self, GPtrArray *devices)
{
  for (guint i = 0; devices->len - i >= VM_TRUST_STORE_DEVICES_MAX; i++) {
    g_autofree gchar *path =
        path_of (self, ((VmKnownDevice *) devices->pdata[i])->device_id);

    g_unlink (path);
  }
}

/**
 * vm_trust_store_pin:
 * @self: a #VmTrustStore
 * @user: the name its user goes by, of a length and form checked before
 * @device: the name it goes by itself
 * @certificate: what its TLS presented
 * @now: the time
 * @error: #VM_ERROR_KEY_CHANGED when another key is known by these names
 *
 * Remembers a device at first sight, and holds it to its key from then on
 * (security.md, "Identity"). A device without names (announced minimally) is not
 * pinned. A known key that goes by new names gets them.
 *
 * Returns: whether the device may be spoken to
 */
gboolean
vm_trust_store_pin (VmTrustStore *self, const gchar *user, const gchar *device,
    GTlsCertificate *certificate, GDateTime *now, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (VmKnownDevice) known = NULL;
  g_autofree gchar *hash = NULL;
  g_autofree gchar *id = NULL;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), FALSE);
  g_return_val_if_fail (G_IS_TLS_CERTIFICATE (certificate), FALSE);
  g_return_val_if_fail (now != NULL, FALSE);

  if (!user || !*user || !device || !*device || strchr (user, '\n')
      || strchr (device, '\n'))
    return TRUE;
  hash = vm_key_hash_from_certificate (certificate);
  id = hash ? vm_device_id_from_key_hash (hash) : NULL;
  if (!id) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The certificate of %s cannot be read", user);
    return FALSE;
  }
  devices = vm_trust_store_list (self);
  for (guint i = 0; i < devices->len; i++) {
    VmKnownDevice *other = devices->pdata[i];
    g_autofree gchar *date = NULL;

    if (strcmp (other->device_id, id) == 0) {
      known = vm_known_device_copy (other);
      continue;
    }
    if (strcmp (other->user, user) != 0 || strcmp (other->device, device) != 0)
      continue;
    date = g_date_time_format (other->first_seen, "%F");
    g_set_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED,
        "%s's %s has another key than when it was first seen on %s. It was "
        "%s and now is %s. Somebody may be posing as %s. If you know why the "
        "key is new, forget the old one: videomeet forget %s",
        user, device, date, other->device_id, id, user, other->device_id);
    return FALSE;
  }
  if (known && strcmp (known->user, user) == 0
      && strcmp (known->device, device) == 0)
    return TRUE;
  if (!known) {
    make_room (self, devices);
    known = g_new0 (VmKnownDevice, 1);
    known->device_id = g_strdup (id);
    known->first_seen = g_date_time_to_utc (now);
  }
  g_free (known->user);
  known->user = g_strdup (user);
  g_free (known->device);
  known->device = g_strdup (device);
  return write_device (self, known, certificate, error);
}

/**
 * vm_trust_store_forget:
 * @self: a #VmTrustStore
 * @device: a device id, the beginning of one, or a user's or device's name;
 *   it must mean exactly one device
 * @error: #VM_ERROR_NOT_FOUND when it means none, #VM_ERROR_BAD_REQUEST when
 *   it means several
 *
 * Returns: (transfer full) (nullable): the device that was forgotten
 */
VmKnownDevice *
vm_trust_store_forget (VmTrustStore *self, const gchar *device, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;
  VmKnownDevice *found = NULL;
  g_autofree gchar *path = NULL;
  guint n = 0;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (device != NULL, NULL);

  devices = vm_trust_store_list (self);
  for (guint i = 0; *device && i < devices->len; i++) {
    VmKnownDevice *one = devices->pdata[i];

    if (g_ascii_strncasecmp (one->device_id, device, strlen (device)) == 0
        || strcmp (one->user, device) == 0
        || strcmp (one->device, device) == 0) {
      found = one;
      n++;
    }
  }
  if (n != 1) {
    if (n)
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "%s means %u devices; give more of the id", device, n);
    else
      g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
          "No device %s was met before", device);
    return NULL;
  }
  path = path_of (self, found->device_id);
  if (g_unlink (path) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "%s cannot be removed: %s",
        path, g_strerror (errno));
    return NULL;
  }
  return vm_known_device_copy (found);
}
