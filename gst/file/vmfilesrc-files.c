/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of a vmfilesrc, and what is said on the bus of those that are not
 * sent. */

#include "vmfilesrc-priv.h"

gchar *
vm_file_src_dup_location (VmFileSrc *self, guint index)
{
  gchar *location = NULL;

  GST_OBJECT_LOCK (self);
  if (self->locations && index < g_strv_length (self->locations))
    location = g_strdup (self->locations[index]);
  GST_OBJECT_UNLOCK (self);
  return location;
}

/* An error or a warning about one file. */
static void
tell (VmFileSrc *self, GstMessageType type, const GError *error,
    const gchar *name)
{
  gboolean missing = g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);

  gst_element_message_full_with_details (GST_ELEMENT (self), type,
      GST_RESOURCE_ERROR,
      missing ? GST_RESOURCE_ERROR_NOT_FOUND : GST_RESOURCE_ERROR_FAILED,
      g_strdup_printf ("\"%s\" is not sent: %s", name, error->message), NULL,
      __FILE__, GST_FUNCTION, __LINE__,
      gst_structure_new ("details", "code", G_TYPE_STRING,
          missing ? vm_error_to_code (VM_ERROR_NOT_FOUND)
                  : vm_error_get_code (error),
          NULL));
}

/* The only one is the end of all. */
static gboolean
is_only_one (VmFileSrc *self)
{
  gboolean only;

  GST_OBJECT_LOCK (self);
  only = self->files == 1;
  if (only)
    self->running = FALSE;
  GST_OBJECT_UNLOCK (self);
  return only;
}

GstFlowReturn
vm_file_src_lose (VmFileSrc *self, const GError *error, const gchar *name)
{
  self->failed++;
  if (is_only_one (self)) {
    tell (self, GST_MESSAGE_ERROR, error, name);
    return GST_FLOW_ERROR;
  }
  tell (self, GST_MESSAGE_WARNING, error, name);
  return GST_FLOW_OK;
}

static void
tell_failed (VmFileSrc *self, guint failed, guint files, const gchar *code,
    const gchar *why)
{
  GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, FAILED,
      ("%u of %u files are not sent%s", failed, files, why), (NULL),
      ("code", G_TYPE_STRING, code, "failed", G_TYPE_UINT, failed, NULL));
}

static gchar *
dup_name (VmFileSrc *self)
{
  g_autofree gchar *location = vm_file_src_dup_location (self, 0);

  return location ? g_path_get_basename (location) : g_strdup ("");
}

/* Once, or, where two threads come to it at the same time, twice rather than
 * behind EOS: who listens for that has gone by then. */
static void
tell_ended (VmFileSrc *self)
{
  const gchar *code = vm_error_to_code (VM_ERROR_DISCONNECTED);
  g_autofree gchar *name = NULL;
  guint files, left;

  GST_OBJECT_LOCK (self);
  files = self->files;
  left = self->end_told ? 0 : files - self->verified;
  GST_OBJECT_UNLOCK (self);
  if (left == 0)
    return;
  name = dup_name (self);
  if (files > 1)
    tell_failed (self, left, files, code,
        ": ended by EOS; what is verified of them stays there");
  else
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, FAILED,
        ("\"%s\" is not whole there: ended by EOS; the same line goes on where "
         "it was",
            name),
        (NULL), ("code", G_TYPE_STRING, code, NULL));
  GST_OBJECT_LOCK (self);
  self->end_told = TRUE;
  GST_OBJECT_UNLOCK (self);
}

GstFlowReturn
vm_file_src_finish (VmFileSrc *self)
{
  gboolean ended;

  GST_OBJECT_LOCK (self);
  self->running = FALSE;
  ended = self->ended;
  GST_OBJECT_UNLOCK (self);
  if (ended)
    tell_ended (self);
  if (ended || self->failed == 0)
    return GST_FLOW_EOS;
  tell_failed (self, self->failed, self->next, "FAILED", "");
  return GST_FLOW_ERROR;
}

/* Told here, and not left to create(), which may stand in a push as long as who
 * is behind it is PAUSED. What the receiver says last of a file, create() hears
 * first. */
gboolean
vm_file_src_end (VmFileSrc *self)
{
  gboolean running, left;

  GST_OBJECT_LOCK (self);
  running = self->running;
  self->ended |= running;
  left = running && (!self->sender || vm_file_sender_leave (self->sender));
  GST_OBJECT_UNLOCK (self);
  if (left)
    tell_ended (self);
  return running;
}
