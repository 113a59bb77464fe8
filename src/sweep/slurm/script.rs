//! The two batch scripts, to be read and edited.

use crate::error::{Error, Result};
use crate::sweep::Planned;
use crate::table::write_atomic;
use std::path::Path;

/// A word for the shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Writes the scripts that are not there yet: what was edited stays.
pub(super) fn write(planned: &Planned, program: &Path) -> Result<()> {
    let folder = planned.folder();
    let logs = folder.join("slurm").join("logs");
    std::fs::create_dir_all(&logs).map_err(|e| Error::io(&logs, e))?;
    let plan = planned.plan();
    let name = plan.experiment.replace('/', "-");
    let dir = quoted(&folder.display().to_string());
    let program = quoted(&program.display().to_string());
    // Slurm reads % in a file name as the start of a field.
    let log = |name: &str| {
        let folder = logs.display().to_string().replace('%', "%%");
        format!("\"{folder}/{name}\"")
    };
    let rows = format!(
        "#!/bin/bash\n\
         # One task of the job array: shard i of n of the sweep, i the task's number, n the script's first argument.\n\
         # Rows that are done are left alone, so a task may be killed, requeued and submitted again.\n\
         # Edit this file as your cluster needs (modules to load, more #SBATCH lines): it is written once and then kept.\n\
         # What is given to `scurve sweep run` on its command line comes before the lines here.\n\
         #SBATCH --job-name=scurve-{name}\n\
         #SBATCH --cpus-per-task={}\n\
         #SBATCH --output={}\n\
         #SBATCH --open-mode=append\n\
         #SBATCH --requeue\n\
         exec {program} sweep work {dir} --shard \"$SLURM_ARRAY_TASK_ID/$1\"\n",
        plan.conditions.threads,
        log("%A_%a.log")
    );
    let merge = format!(
        "#!/bin/bash\n\
         # Runs when all tasks of the array have ended well.\n\
         #SBATCH --job-name=merge-{name}\n\
         #SBATCH --output={}\n\
         exec {program} sweep merge {dir}\n",
        log("merge_%j.log")
    );
    for (file, text) in [("rows.sh", rows), ("merge.sh", merge)] {
        let path = folder.join("slurm").join(file);
        if !path.exists() {
            write_atomic(&path, text.as_bytes())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_word_keeps_its_quotes() {
        assert_eq!(super::quoted("it's here"), r"'it'\''s here'");
    }
}
