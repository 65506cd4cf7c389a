/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/trust/trustdevices.h"

#include "elements/nodegone.h"

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

VmNode *trust_node;

static gchar *folder; /* with one folder for each device */

gchar *
trust_device_folder (const gchar *who)
{
  return g_build_filename (folder, who, NULL);
}

VmTrustStore *
trust_device_store (const gchar *who)
{
  g_autofree gchar *path = trust_device_folder (who);

  return vm_trust_store_new (path);
}

VmIdentity *
trust_device_identity (const gchar *who)
{
  g_autofree gchar *path = trust_device_folder (who);
  g_autoptr (GError) error = NULL;
  VmIdentity *identity = vm_identity_load (path, &error);

  g_assert_no_error (error);
  return identity;
}

void
trust_device_meet (const gchar *who, const gchar *other)
{
  g_autoptr (VmTrustStore) store = trust_device_store (who);
  g_autoptr (VmIdentity) own = trust_device_identity (who);
  g_autoptr (VmIdentity) identity = trust_device_identity (other);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;

  vm_trust_store_pin (store, other, "laptop",
      vm_identity_get_tls_certificate (identity), now, &error);
  g_assert_no_error (error);
}

void
trust_devices_setup (void)
{
  folder = g_dir_make_tmp ("vm-trust-XXXXXX", NULL);
  trust_node = vm_node_get_default ();
  g_object_set (trust_node, "methods", VM_METHODS_NONE, "announce",
      VM_ANNOUNCE_OFF, "port", 0, NULL);
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

void
trust_devices_teardown (void)
{
  node_let_go (&trust_node);
  remove_all (folder);
  g_clear_pointer (&folder, g_free);
}
