/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <string.h>

static CheckProgram *programs;

void
check_program_register (CheckProgram *program)
{
  program->next = programs;
  programs = program;
}

static gchar *
program_name (const CheckProgram *program)
{
  gchar *name = g_path_get_basename (program->file);

  *strrchr (name, '.') = '\0';
  return name;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  for (CheckProgram *p = programs; p; p = p->next) {
    g_autofree gchar *name = program_name (p);

    if (argc == 2 && g_str_equal (name, argv[1]))
      return gst_check_run_suite (p->suite (), name, p->file);
    if (argc == 1)
      g_print ("%s\n", name);
  }
  if (argc == 1)
    return 0;
  g_printerr ("usage: %s [PROGRAM]\nWithout one, lists them.\n", argv[0]);
  return 2;
}
