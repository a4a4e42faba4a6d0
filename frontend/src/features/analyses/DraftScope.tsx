import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { collectionsQuery } from "@/api/collections";
import { SelectField } from "@/components/Field";
import { Notice } from "@/components/Notice";
import { DocumentPicker } from "./DocumentPicker";
import { Either, Part, type PartProps } from "./DraftPart";

export function DraftScope({ draft, faults, change }: PartProps) {
  const collections = useQuery(collectionsQuery);
  return (
    <Part title="Of which documents">
      <Either
        name="from"
        value={draft.from}
        options={[
          { value: "collection", label: "A collection" },
          { value: "documents", label: "Picked documents" },
        ]}
        onChange={(from) => change({ from })}
      />
      {draft.from === "documents" ? (
        <div className="min-w-0" data-fault={faults.document_ids && true}>
          <DocumentPicker
            picked={draft.documents}
            onChange={(documents) => change({ documents })}
          />
          {faults.document_ids && (
            <p className="mt-1.5 text-sm text-danger">{faults.document_ids}</p>
          )}
        </div>
      ) : collections.error ? (
        <Notice tone="danger" problem={collections.error} />
      ) : collections.data?.length === 0 ? (
        <p className="text-muted">
          There is no collection yet: make one in the{" "}
          <Link to="/library" className="font-medium underline underline-offset-4">
            library
          </Link>
          , or pick documents.
        </p>
      ) : (
        <div className="sm:max-w-md">
          <SelectField
            label="Collection"
            hideLabel
            name="collection_id"
            value={draft.collection}
            error={faults.collection_id}
            hint="Documents that join it later can be added to the analysis with one click."
            onChange={({ target }) => change({ collection: target.value })}
          >
            <option value="">Choose a collection</option>
            {collections.data?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
        </div>
      )}
    </Part>
  );
}
