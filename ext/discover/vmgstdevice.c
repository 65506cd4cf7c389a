/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmgstdevice.h"
#include "vmdevicemessage.h"

struct _VmGstDevice
{
  GstDevice parent;

  VmDevice *device;
};

G_DEFINE_FINAL_TYPE (VmGstDevice, vm_gst_device, GST_TYPE_DEVICE)

static GstElement *
vm_gst_device_create_element (GstDevice *device, const gchar *name)
{
  VmGstDevice *self = VM_GST_DEVICE (device);
  GstElement *element = gst_element_factory_make ("vmsignalbin", name);
  g_autofree gchar *uri = vm_device_get_uri (self->device);

  if (element)
    g_object_set (element, "uri", uri, NULL);
  return element;
}

static void
vm_gst_device_finalize (GObject *object)
{
  g_clear_object (&VM_GST_DEVICE (object)->device);
  G_OBJECT_CLASS (vm_gst_device_parent_class)->finalize (object);
}

static void
vm_gst_device_class_init (VmGstDeviceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_gst_device_finalize;
  GST_DEVICE_CLASS (klass)->create_element = vm_gst_device_create_element;
}

static void
vm_gst_device_init (VmGstDevice *self)
{
}

static gchar *
display_name (VmDevice *device)
{
  const gchar *user = vm_device_get_user (device);
  const gchar *name = vm_device_get_device (device);
  const gchar *meeting = vm_device_get_meeting (device);
  g_autofree gchar *who =
      *user ? g_strdup_printf ("%s's %s", user, name) : g_strdup (name);

  return meeting ? g_strdup_printf ("%s (%s)", meeting, who)
                 : g_steal_pointer (&who);
}

GstDevice *
vm_gst_device_new (VmDevice *device)
{
  g_autoptr (GstStructure) properties =
      vm_device_to_structure (device, "vm-device");
  g_autofree gchar *name = display_name (device);
  VmGstDevice *self;

  self = g_object_new (VM_TYPE_GST_DEVICE, "display-name", name, "device-class",
      "Network/VideoMeet", "caps", GST_CAPS_ANY, "properties", properties,
      NULL);
  self->device = g_object_ref (device);
  return GST_DEVICE (self);
}

gboolean
vm_gst_device_is (VmGstDevice *self, VmDevice *device)
{
  return vm_device_get_port (self->device) == vm_device_get_port (device)
         && g_str_equal (
             vm_device_get_id (self->device), vm_device_get_id (device));
}
