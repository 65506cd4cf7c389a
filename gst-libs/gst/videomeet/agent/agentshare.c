/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The folders of syncs: what is shared, and what this side asks for. */

#include "agent/agent-priv.h"
#include "transfer/archive/archivewalk.h"
#include "transfer/sync/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static gint
open_own (const gchar *location, gboolean make, GError **error)
{
  gint root = open (location, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (root < 0 && errno == ENOENT && make && mkdir (location, 0700) == 0)
    root = open (location, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
        "The folder cannot be read: %s", g_strerror (errno));
  return root;
}

gint
vm_agent_share_open (
    VmAgentSession *session, const gchar *folder, gboolean make, GError **error)
{
  return session->incoming
             ? vm_sync_open_folder (session->share, folder, make, error)
             : open_own (folder, make, error);
}

gint
vm_agent_share_find (VmAgentSession *session, const gchar *folder,
    gboolean *missing, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autofree gchar *above = NULL;
  gint root = vm_agent_share_open (session, folder, FALSE, &why);

  *missing = g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  if (*missing) {
    above = session->incoming ? g_strdup ("") : g_path_get_dirname (folder);
    root = vm_agent_share_open (session, above, FALSE, error);
  } else if (why) {
    g_propagate_error (error, g_steal_pointer (&why));
  }
  return root;
}

static gboolean
fits (const VmAgent *agent, gint share, guint64 bytes, GError **error)
{
  guint64 used;

  if (!vm_archive_measure (share, &used, error))
    return FALSE;
  used += agent->share_pending;
  if (used <= agent->quota && bytes <= agent->quota - used)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The quota of the shared folder is used up");
  return FALSE;
}

gboolean
vm_agent_share_charge (
    VmAgentSession *session, guint64 *pending, guint64 bytes, GError **error)
{
  VmAgent *agent = session->agent;
  gboolean good;

  if (!session->incoming || !agent->quota)
    return TRUE;
  g_mutex_lock (&agent->share_lock);
  /* what it has written since is counted in the folder */
  agent->share_pending -= *pending;
  *pending = 0;
  good = !bytes || fits (agent, session->share, bytes, error);
  if (good) {
    *pending = bytes;
    agent->share_pending += bytes;
  }
  g_mutex_unlock (&agent->share_lock);
  return good;
}
