/** What runs, what failed, and how to begin. */
import { useRead, read } from "../../api/watch";
import { Page } from "../../app/page";
import { links } from "../../app/router";
import { Empty, Panel } from "../../ui/controls";
import { Command } from "../../ui/copy";
import { Status } from "../../ui/status";
import { Table } from "../../ui/table";
import { Ago } from "../../ui/time";

export default function Home() {
  const jobs = useRead(read("sagemaker", "ListTrainingJobs", { MaxResults: 10, SortBy: "CreationTime", SortOrder: "Descending" }));
  return (
    <Page crumbs={[{ text: "Home" }]} title="Home">
      <Panel title="Training jobs" flush>
        <Table label="Training jobs" rows={jobs.data?.TrainingJobSummaries} rowKey={(job) => job.TrainingJobName}
          columns={[
            { title: "Name", cell: (job) => <a href={links.job(job.TrainingJobName)}>{job.TrainingJobName}</a> },
            { title: "Status", cell: (job) => <Status status={job.TrainingJobStatus} /> },
            { title: "Started", cell: (job) => <Ago at={job.CreationTime} />, minor: true },
          ]}
          empty={<Empty title="No training job yet"><Command>trainyard demo mnist</Command></Empty>} />
      </Panel>
    </Page>
  );
}
