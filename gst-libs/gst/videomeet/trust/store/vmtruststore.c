/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmtruststore
 * @title: VmTrustStore
 * @short_description: the devices that were met before, and those trusted
 *
 * Plain files: `devices/ID.pem` holds a device's certificate with the names it
 * went by and the date of first sight in the lines before it; `tokens/ID.pem`
 * the token that this device gave it, which is what trust in it means, and the
 * one that it gave this device; `revoked` the ids of those that trust was
 * withdrawn from. Files are replaced as a whole under a lock, so that several
 * processes may use one store; nothing is kept in memory. A file that is
 * damaged, or is not what its name says, is ignored with a warning; when it is
 * the list of revoked devices, nobody is trusted, and when it is that of a
 * device, no unknown device is let in by a name. `servers` has the keys of
 * servers that agents were at, by their addresses. All functions block for the
 * disk and may be called from any thread.
 */

#include "trust/store/vmtruststore-priv.h"
#include "trust/store/decision.h"
#include "trust/store/storefile.h"
#include "trust/store/storetext.h"
#include "base/text.h"

#include <string.h>

struct _VmTrustStore
{
  GObject parent;

  gchar *folder; /* never changes */
};

G_DEFINE_FINAL_TYPE (VmTrustStore, vm_trust_store, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (
    VmKnownDevice, vm_known_device, vm_known_device_copy, vm_known_device_free)

/*
 * vm_known_device_copy:
 * @device: a #VmKnownDevice
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
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
 *
 * Since: 0.1
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
 *
 * Since: 0.1
 */
VmTrustStore *
vm_trust_store_new (const gchar *directory)
{
  VmTrustStore *self = g_object_new (VM_TYPE_TRUST_STORE, NULL);

  self->folder = directory ? g_strdup (directory)
                           : g_build_filename (
                               g_get_user_config_dir (), "videomeet", NULL);
  return self;
}

const gchar *
vm_trust_store_get_folder (VmTrustStore *self)
{
  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);

  return self->folder;
}

gchar *
vm_trust_store_file_name (const gchar *device_id)
{
  return g_strconcat (device_id, ".pem", NULL);
}

VmKnownDevice *
vm_trust_store_read_device (VmTrustStore *self, const gchar *device_id,
    gchar **certificate_pem, GBytes **spki, gboolean *damaged)
{
  g_autofree gchar *name = vm_trust_store_file_name (device_id);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = vm_store_read (
      self->folder, VM_STORE_DEVICES, name, VM_DEVICE_FILE_MAX, FALSE, &error);
  VmKnownDevice *device =
      text ? vm_known_device_from_text (text, device_id, certificate_pem, spki)
           : NULL;
  gboolean bad =
      !device && !g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);

  if (bad)
    g_warning ("%s/" VM_STORE_DEVICES "/%s is not what was written there and "
               "is ignored; nobody new is let in until it is put back, or the "
               "device is forgotten: videomeet forget %s",
        self->folder, name, device_id);
  if (damaged)
    *damaged = bad;
  return device;
}

static gint
by_first_seen (gconstpointer a, gconstpointer b)
{
  return g_date_time_compare (
      (*(VmKnownDevice **) a)->first_seen, (*(VmKnownDevice **) b)->first_seen);
}

GPtrArray *
vm_trust_store_list_all (VmTrustStore *self, GPtrArray **damaged)
{
  GPtrArray *devices =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);
  g_autoptr (GPtrArray) ids = vm_store_ids (self->folder, VM_STORE_DEVICES);

  *damaged = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < ids->len; i++) {
    gboolean bad;
    VmKnownDevice *device =
        vm_trust_store_read_device (self, ids->pdata[i], NULL, NULL, &bad);

    if (device)
      g_ptr_array_add (devices, device);
    else if (bad)
      g_ptr_array_add (*damaged, g_strdup (ids->pdata[i]));
  }
  g_ptr_array_sort (devices, by_first_seen);
  return devices;
}

/**
 * vm_trust_store_list:
 * @self: a #VmTrustStore
 *
 * Returns: (transfer full) (element-type VmKnownDevice): the devices met
 *   before, by first sight; files that are damaged are left out with a warning
 *
 * Since: 0.1
 */
GPtrArray *
vm_trust_store_list (VmTrustStore *self)
{
  g_autoptr (GPtrArray) damaged = NULL;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);

  return vm_trust_store_list_all (self, &damaged);
}

gboolean
vm_trust_store_write_device (VmTrustStore *self, const VmKnownDevice *device,
    const gchar *certificate_pem, GError **error)
{
  g_autofree gchar *name = vm_trust_store_file_name (device->device_id);
  g_autofree gchar *text = vm_known_device_to_text (device, certificate_pem);
  g_autoptr (GError) local = NULL;

  if (vm_store_write (self->folder, VM_STORE_DEVICES, name, text, &local))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "The device cannot be remembered: %s", local->message);
  return FALSE;
}

/* Whoever is trusted stays; of the others those seen longest ago go. */
gboolean
vm_trust_store_make_room (
    VmTrustStore *self, GPtrArray *devices, GError **error)
{
  g_autoptr (GPtrArray) trusted = NULL;
  guint n = devices->len;

  if (n < VM_TRUST_STORE_DEVICES_MAX)
    return TRUE;
  trusted = vm_store_ids (self->folder, VM_STORE_TOKENS);
  for (guint i = 0; i < devices->len && n >= VM_TRUST_STORE_DEVICES_MAX; i++) {
    const VmKnownDevice *device = devices->pdata[i];
    g_autofree gchar *name = vm_trust_store_file_name (device->device_id);

    if (!g_ptr_array_find_with_equal_func (
            trusted, device->device_id, g_str_equal, NULL)
        && vm_store_remove (self->folder, VM_STORE_DEVICES, name, NULL))
      n--;
  }
  if (n < VM_TRUST_STORE_DEVICES_MAX)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "%d devices are trusted; one must be forgotten before another can be "
      "remembered",
      VM_TRUST_STORE_DEVICES_MAX);
  return FALSE;
}

/* Which of @devices goes by names that look like these and is not
 * @device_id. */
const VmKnownDevice *
vm_trust_store_namesake (GPtrArray *devices, const gchar *device_id,
    const gchar *user, const gchar *device)
{
  if (!user || !*user || !device || !*device)
    return NULL;
  for (guint i = 0; i < devices->len; i++) {
    const VmKnownDevice *other = devices->pdata[i];

    if (g_strcmp0 (other->device_id, device_id) != 0
        && vm_text_looks_like (other->user, user)
        && vm_text_looks_like (other->device, device))
      return other;
  }
  return NULL;
}

const gchar *
vm_trust_store_find_damaged (GPtrArray *devices, GPtrArray *damaged,
    const gchar *device_id, const gchar *user, const gchar *device)
{
  g_autoptr (VmKnownDevice) known =
      vm_trust_store_remembered (devices, device_id);

  if (!damaged->len || !user || !*user || !device || !*device)
    return NULL;
  if (known && vm_text_looks_like (known->user, user)
      && vm_text_looks_like (known->device, device))
    return NULL;
  return damaged->pdata[0];
}

VmKnownDevice *
vm_trust_store_remembered (GPtrArray *devices, const gchar *device_id)
{
  for (guint i = 0; i < devices->len; i++) {
    const VmKnownDevice *one = devices->pdata[i];

    if (strcmp (one->device_id, device_id) == 0)
      return vm_known_device_copy (one);
  }
  return NULL;
}

gboolean
vm_trust_store_refuse_changed (GPtrArray *devices, const VmKnownDevice *old,
    const gchar *device_id, GError **error)
{
  g_autoptr (VmKnownDevice) known =
      vm_trust_store_remembered (devices, device_id);
  const VmTrustFacts facts = {
    .device_id = (gchar *) device_id,
    .user = known ? known->user : NULL,
    .device = known ? known->device : NULL,
    .first_seen = known ? known->first_seen : NULL,
    .changed_id = old->device_id,
    .changed_user = old->user,
    .changed_device = old->device,
    .changed_seen = old->first_seen,
  };

  return vm_trust_refuse_changed (&facts, error);
}

gboolean
vm_trust_store_check_names (GPtrArray *devices, GPtrArray *damaged,
    const gchar *device_id, const gchar *user, const gchar *device,
    GError **error)
{
  const VmKnownDevice *namesake =
      vm_trust_store_namesake (devices, device_id, user, device);
  const gchar *unread =
      vm_trust_store_find_damaged (devices, damaged, device_id, user, device);

  if (namesake)
    return vm_trust_store_refuse_changed (devices, namesake, device_id, error);
  return !unread || vm_trust_refuse_damaged (user, unread, error);
}

gboolean
vm_trust_store_remember (VmTrustStore *self, GPtrArray *devices,
    const gchar *device_id, const gchar *user, const gchar *device,
    GTlsCertificate *certificate, GDateTime *now, GError **error)
{
  g_autoptr (VmKnownDevice) known =
      vm_trust_store_remembered (devices, device_id);
  g_autofree gchar *pem = NULL;

  if (known && strcmp (known->user, user) == 0
      && strcmp (known->device, device) == 0)
    return TRUE;
  if (!known) {
    if (!vm_trust_store_make_room (self, devices, error))
      return FALSE;
    known = g_new0 (VmKnownDevice, 1);
    known->device_id = g_strdup (device_id);
    known->first_seen = g_date_time_to_utc (now);
  }
  g_free (known->user);
  known->user = g_strdup (user);
  g_free (known->device);
  known->device = g_strdup (device);
  g_object_get (certificate, "certificate-pem", &pem, NULL);
  return vm_trust_store_write_device (self, known, pem, error);
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
 * (`security.md#identity`). A device without names (announced minimally) is not
 * pinned. A known key that goes by new names gets them.
 *
 * Returns: whether the device may be spoken to
 *
 * Since: 0.1
 */
gboolean
vm_trust_store_pin (VmTrustStore *self, const gchar *user, const gchar *device,
    GTlsCertificate *certificate, GDateTime *now, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (GPtrArray) damaged = NULL;
  g_autoptr (VmKnownDevice) known = NULL;
  g_autofree gchar *hash = NULL;
  g_autofree gchar *id = NULL;
  gboolean pinned;
  gint lock;

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
  devices = vm_trust_store_list_all (self, &damaged);
  if (!vm_trust_store_check_names (devices, damaged, id, user, device, error))
    return FALSE;
  known = vm_trust_store_remembered (devices, id);
  if (known && strcmp (known->user, user) == 0
      && strcmp (known->device, device) == 0)
    return TRUE;
  /* there is something to write: once more, with everybody else kept out */
  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return FALSE;
  g_ptr_array_unref (devices);
  g_ptr_array_unref (damaged);
  devices = vm_trust_store_list_all (self, &damaged);
  pinned =
      vm_trust_store_check_names (devices, damaged, id, user, device, error)
      && vm_trust_store_remember (
          self, devices, id, user, device, certificate, now, error);
  vm_store_unlock (lock);
  return pinned;
}

static gboolean
is_meant (const VmKnownDevice *one, const gchar *device, gboolean whole_id)
{
  return g_ascii_strncasecmp (one->device_id, device, strlen (device)) == 0
         || (!whole_id
             && (strcmp (one->user, device) == 0
                 || strcmp (one->device, device) == 0));
}

/* That means one device, or none: others may call themselves so. */
static gboolean
is_whole_id (const gchar *device)
{
  g_autofree gchar *upper = g_ascii_strup (device, -1);

  return vm_device_id_is_valid (upper);
}

/* What can be said of a device whose file is damaged. */
static VmKnownDevice *
new_damaged (const gchar *device_id)
{
  VmKnownDevice *device = g_new0 (VmKnownDevice, 1);

  device->device_id = g_strdup (device_id);
  device->user = g_strdup (device_id);
  device->device = g_strdup ("");
  device->first_seen = g_date_time_new_from_unix_utc (0);
  return device;
}

/* Among @devices, and among @others, ids without names. */
static gchar *
find_one (
    GPtrArray *devices, GHashTable *others, const gchar *device, GError **error)
{
  const gchar *found = NULL;
  GHashTableIter iter;
  gpointer id;
  gboolean whole_id = is_whole_id (device);
  guint n = 0;

  for (guint i = 0; *device && i < devices->len; i++) {
    const VmKnownDevice *one = devices->pdata[i];

    if (others)
      g_hash_table_remove (others, one->device_id);
    if (is_meant (one, device, whole_id)) {
      found = one->device_id;
      n++;
    }
  }
  if (others && *device) {
    g_hash_table_iter_init (&iter, others);
    while (g_hash_table_iter_next (&iter, &id, NULL))
      if (g_ascii_strncasecmp (id, device, strlen (device)) == 0) {
        found = id;
        n++;
      }
  }
  if (n == 1)
    return g_strdup (found);
  if (n)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "%s means %u devices; give more of the id", device, n);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "No device %s was met before", device);
  return NULL;
}

/**
 * vm_trust_store_find:
 * @self: a #VmTrustStore
 * @device: a device id, the beginning of one, or a user's or device's name;
 *   it must mean exactly one device that was met before or is revoked
 * @error: #VM_ERROR_NOT_FOUND when it means none, #VM_ERROR_BAD_REQUEST when
 *   it means several
 *
 * Returns: (transfer full): the id of that device
 *
 * Since: 0.1
 */
gchar *
vm_trust_store_find (VmTrustStore *self, const gchar *device, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (GPtrArray) damaged = NULL;
  g_autoptr (GHashTable) revoked = NULL;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (device != NULL, NULL);

  devices = vm_trust_store_list_all (self, &damaged);
  vm_trust_store_read_revoked (self, &revoked);
  for (guint i = 0; i < damaged->len; i++)
    g_hash_table_insert (revoked, g_strdup (damaged->pdata[i]), g_strdup (""));
  return find_one (devices, revoked, device, error);
}

/**
 * vm_trust_store_forget:
 * @self: a #VmTrustStore
 * @device: a device id, the beginning of one, or a user's or device's name;
 *   it must mean exactly one device; or, if it means none, the address or the
 *   whole id of a server, see vm_trust_store_list_servers()
 * @error: #VM_ERROR_NOT_FOUND when it means none, #VM_ERROR_BAD_REQUEST when
 *   it means several
 *
 * Forgets its key and what it was given. That it was revoked is not forgotten.
 *
 * Returns: (transfer full) (nullable): the device that was forgotten
 *
 * Since: 0.1
 */
VmKnownDevice *
vm_trust_store_forget (VmTrustStore *self, const gchar *device, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (GPtrArray) damaged = NULL;
  g_autoptr (GHashTable) others = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) local = NULL;
  g_autofree gchar *id = NULL;
  g_autofree gchar *name = NULL;
  gboolean removed;
  gint lock;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (device != NULL, NULL);

  devices = vm_trust_store_list_all (self, &damaged);
  for (guint i = 0; i < damaged->len; i++)
    g_hash_table_add (others, damaged->pdata[i]);
  id = find_one (devices, others, device, &local);
  if (g_error_matches (local, VM_ERROR, VM_ERROR_NOT_FOUND))
    return vm_trust_store_forget_server (self, device, error);
  if (!id) {
    g_propagate_error (error, g_steal_pointer (&local));
    return NULL;
  }
  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return NULL;
  name = vm_trust_store_file_name (id);
  /* trust first: what is left half done is a device that is only known */
  removed = vm_store_remove (self->folder, VM_STORE_TOKENS, name, &local)
            && vm_store_remove (self->folder, VM_STORE_DEVICES, name, &local);
  vm_store_unlock (lock);
  if (removed && g_hash_table_contains (others, id))
    return new_damaged (id);
  if (removed)
    return vm_trust_store_remembered (devices, id);
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "%s", local->message);
  return NULL;
}

gint
vm_trust_store_lock (VmTrustStore *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  gint lock = vm_store_lock (self->folder, VM_STORE_LOCK_MS, &local);

  if (lock < 0)
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "%s", local->message);
  return lock;
}
