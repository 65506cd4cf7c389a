/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/sync/disk/delta.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OLD_SIZE 4096
#define NEW_SIZE 8192
#define BLOCK 512
#define STRONG 16

static gint old_fd = -1;

/* A file that every run reads and none writes. */
static gint
old_file (void)
{
  guint8 bytes[OLD_SIZE];

  if (old_fd >= 0)
    return old_fd;
  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = i * 7 + i / 256 * 13;
  old_fd = memfd_create ("old", MFD_CLOEXEC);
  g_assert_cmpint (write (old_fd, bytes, sizeof bytes), ==, sizeof bytes);
  return old_fd;
}

static gboolean
count (gconstpointer data, gsize size, gpointer user_data, GError **error)
{
  gsize *made = user_data;

  *made += size;
  g_assert_cmpuint (*made, <=, NEW_SIZE);
  return TRUE;
}

static gboolean
count_delta (gconstpointer data, gsize size, gpointer user_data, GError **error)
{
  gsize *made = user_data;

  *made += size;
  g_assert_cmpuint (*made, <=, 2 * OLD_SIZE);
  return TRUE;
}

/* A difference, in two pieces. */
static void
apply (const VmSyncDelta *delta, const guint8 *data, gsize size)
{
  gsize made = 0;
  g_autoptr (VmSyncPatch) patch =
      vm_sync_patch_new (old_file (), delta, count, &made);
  g_autoptr (GError) error = NULL;
  gboolean ok =
      vm_sync_patch_take (patch, data, size / 2, &error)
      && vm_sync_patch_take (patch, data + size / 2, size - size / 2, &error)
      && vm_sync_patch_end (patch, &error);

  g_assert_true (ok == !error);
  g_assert_true (!ok || made == NEW_SIZE);
}

/* The first byte: whether the rest is a difference, or the signature of a
 * file. */
void
fuzz_one (const guint8 *data, gsize size)
{
  VmSyncDelta delta = {
    .old_size = OLD_SIZE,
    .new_size = NEW_SIZE,
    .block = BLOCK,
    .strong = STRONG,
    .signature = 12 + OLD_SIZE / BLOCK * (4 + STRONG),
  };
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (GError) error = NULL;
  gsize made = 0;

  if (size == 0)
    return;
  if (data[0] != 's') {
    apply (&delta, data + 1, size - 1);
    return;
  }
  signature = g_bytes_new (data + 1, size - 1);
  delta.new_size = OLD_SIZE;
  if (!vm_sync_delta_make (
          old_file (), &delta, signature, count_delta, &made, &error))
    g_assert_nonnull (error);
}
